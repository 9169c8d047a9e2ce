import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfigFiles } from '../../src/config/files.ts';
import { formatProblem } from '../../src/errors.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-files-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function problemsOf(path: string): Promise<readonly string[]> {
  const { problems } = await readConfigFiles(path);
  return problems.map((problem) => formatProblem(problem).replaceAll(dir, 'DIR'));
}

test('a directory gives its yaml, yml and json, sorted, none that is hidden', async () => {
  for (const name of ['c.json', 'a.yml', 'b.yaml', '.d.yaml', 'e.txt', 'f.yaml~', '#g.yaml#']) {
    await writeFile(join(dir, name), name);
  }
  const { files, problems } = await readConfigFiles(dir);
  expect(files).toEqual(['a.yml', 'b.yaml', 'c.json'].map((name) => ({ path: join(dir, name), text: name })));
  expect(problems).toEqual([]);
});

test('a byte order mark is no part of the text', async () => {
  await writeFile(join(dir, 'a.yaml'), '\uFEFFservices: {}');
  expect((await readConfigFiles(join(dir, 'a.yaml'))).files[0]?.text).toBe('services: {}');
});

test('BAD6: what is no readable text file is refused in words, and never waited for', async () => {
  execFileSync('mkfifo', [join(dir, 'fifo.yaml')]);
  await writeFile(join(dir, 'latin1.yaml'), Buffer.from([0x61, 0xe9, 0x62]));
  await writeFile(join(dir, 'large.yaml'), '');
  await truncate(join(dir, 'large.yaml'), 50 * 1024 * 1024);
  await symlink('nowhere', join(dir, 'link.yaml'));
  await symlink('/proc/self/environ', join(dir, 'proc.yaml'));
  expect(await problemsOf(dir)).toEqual([
    'DIR/fifo.yaml: is not a regular file',
    'DIR/large.yaml: is larger than 8192 KiB',
    'DIR/latin1.yaml: is not UTF-8: save it in that encoding',
    'DIR/link.yaml: does not exist',
    'DIR/proc.yaml: leads to /proc, which is never read',
  ]);
});

test('nothing there, nothing in it', async () => {
  expect(await problemsOf(join(dir, 'none'))).toEqual(['DIR/none: does not exist']);
  expect(await problemsOf(dir)).toEqual([
    'DIR: has no config in it: put a *.yaml, *.yml or *.json file there',
  ]);
});
