import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileSource } from '../../../src/discovery/static/index.ts';
import { addressesOf, isComplete, isFailure, testSource, type Watching, watchSource } from '../suite.ts';

/** Node cannot make one. */
const MAKE_FIFO = 'mkfifo';

testSource('the file source', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  const file = path.join(folder, 'web.yaml');
  const mend = () => replaceFile(file, list('10.0.0.1', '10.0.0.2'));
  await mend();
  return {
    source: create(folder, ['*.yaml']),
    addresses: ['10.0.0.1', '10.0.0.2'],
    break: () => replaceFile(file, 'instances: [ {'),
    mend,
    close: () => rm(folder, { recursive: true }),
  };
});

describe('the file source', () => {
  let folder: string;
  let watching: Watching;
  const at = (...names: string[]) => path.join(folder, ...names);
  const watch = (paths: string[], reread?: number, knownScopes?: string[]) => {
    watching = watchSource(create(folder, paths, reread, knownScopes));
    return watching;
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  });
  afterEach(async () => {
    await watching.stop();
    await rm(folder, { recursive: true });
  });

  test('SRC1: each file is a scope; only the one that changed is reported again', async () => {
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    await writeFile(at('b.json'), JSON.stringify([{ targets: ['10.0.0.2:80'] }]));
    watch(['*.yaml', 'b.json']);
    await watching.next(isComplete);
    expect(await watching.next(isComplete)).toMatchObject({ scope: 'b.json', reason: 'stated' });
    await replaceFile(at('a.yaml'), list('10.0.0.3'));
    const report = await watching.next(isComplete);
    expect(report.scope).toBe('a.yaml');
    expect(addressesOf(report)).toEqual(['10.0.0.3']);
    expect(watching.seen.map((one) => one.scope)).toEqual(['a.yaml', 'b.json', 'a.yaml']);
  });

  test('SRC13: an edit in place is seen', async () => {
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    watch(['a.yaml']);
    await watching.next(isComplete);
    await writeFile(at('a.yaml'), list('10.0.0.2'));
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.2']);
  });

  test('SRC13: new files that match appear, also where none matched', async () => {
    watch(['more/*.yaml']);
    expect(addressesOf(await watching.next(isComplete))).toEqual([]);
    await mkdir(at('more'));
    await writeFile(at('more', 'new.yaml'), list('10.0.0.7'));
    expect((await watching.next((one) => one.scope === 'more/new.yaml')).kind).toBe('complete');
  });

  test('SRC13: a swapped link to a folder is seen (Kubernetes style)', async () => {
    await mkdir(at('one'));
    await mkdir(at('two'));
    await writeFile(at('one', 'a.yaml'), list('10.0.0.1'));
    await writeFile(at('two', 'a.yaml'), list('10.0.0.2'));
    await symlink('one', at('..data'));
    await symlink('..data/a.yaml', at('a.yaml'));
    watch(['a.yaml']);
    await watching.next(isComplete);
    await symlink('two', at('..next'));
    await rename(at('..next'), at('..data'));
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.2']);
  });

  test('SRC13: a deleted file is a failure that says gone, and is said again at each re-read', async () => {
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    watch(['*.yaml'], 1000);
    await watching.next(isComplete);
    await rm(at('a.yaml'));
    for (let n = 0; n < 3; n += 1)
      expect(await watching.next(isFailure)).toMatchObject({ scope: 'a.yaml', gone: true });
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.1']);
  }, 15_000);

  test('SRC4: a scope of before the restart that is no longer there is gone', async () => {
    watch(['*.yaml'], undefined, ['old.yaml']);
    expect(await watching.next(isFailure)).toMatchObject({ scope: 'old.yaml', gone: true });
  });

  test('an empty list is a legal report, an empty file is not', async () => {
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    watch(['a.yaml']);
    await watching.next(isComplete);
    await replaceFile(at('a.yaml'), 'instances: []\n');
    expect(addressesOf(await watching.next(isComplete))).toEqual([]);
    await replaceFile(at('a.yaml'), '');
    expect((await watching.next(isFailure)).error.message).toMatch(/is empty: write \[\]/);
  });

  test('SRC13: the re-read finds what no event told', async () => {
    // A link out of the watched folders whose target's folder is replaced as a whole.
    await mkdir(at('deep', 'x'), { recursive: true });
    await writeFile(at('deep', 'x', 'a.yaml'), list('10.0.0.1'));
    watch(['deep/x/a.yaml'], 1000);
    await watching.next(isComplete);
    await mkdir(at('next'));
    await writeFile(at('next', 'a.yaml'), list('10.0.0.2'));
    await rename(at('deep'), at('away'));
    await mkdir(at('deep'));
    await rename(at('next'), at('deep', 'x'));
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.2']);
  }, 15_000);

  test('a slow writer is waited for', async () => {
    const whole = list('10.0.0.1', '10.0.0.2');
    await writeFile(at('a.yaml'), list('10.0.0.9'));
    watch(['a.yaml']);
    await watching.next(isComplete);
    await writeFile(at('a.yaml'), whole.slice(0, whole.length - 12));
    await expect.poll(() => readFile(at('a.yaml'), 'utf8')).not.toBe('');
    await writeFile(at('a.yaml'), whole);
    expect(addressesOf(await watching.next(() => true))).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('a broken file is told once, with line and column', async () => {
    await writeFile(at('a.yaml'), 'instances:\n  - address: web.example.com\n    port: 80\n');
    watch(['a.yaml']);
    expect((await watching.next(isFailure)).error.message).toMatch(
      /^a\.yaml:2:14: instances\[0\]\.address: "web\.example\.com" is not an IP address/,
    );
  });

  test('BAD10: a FIFO is refused and does not hold the source', async () => {
    execFileSync(MAKE_FIFO, [at('a.yaml')]);
    await writeFile(at('b.yaml'), list('10.0.0.1'));
    watch(['*.yaml']);
    expect((await watching.next(isFailure)).error.message).toMatch(/a\.yaml is not a regular file/);
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.1']);
  });

  test('BAD10: /proc is refused', async () => {
    await symlink('/proc/self/environ', at('a.yaml'));
    watch(['a.yaml']);
    expect((await watching.next(isFailure)).error.message).toMatch(/leads to \/proc, which is never read/);
  });

  test('BAD10: a relative path must not lead out of the folder, an absolute one may', async () => {
    await mkdir(at('in'));
    await writeFile(at('a.yaml'), list('10.0.0.1'));
    watching = watchSource(create(at('in'), ['../a.yaml']));
    expect((await watching.next(isFailure)).error.message).toMatch(/leads outside .*absolute path/);
    await watching.stop();
    watching = watchSource(create(at('in'), [at('a.yaml')]));
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.1']);
  });

  test('BAD6: a file of 50 MB is refused', async () => {
    await writeFile(at('a.json'), Buffer.alloc(50 * 1024 * 1024, ' '));
    watch(['a.json']);
    expect((await watching.next(isFailure)).error.message).toMatch(/is larger than 8192 KiB/);
  });
});

function create(baseDir: string, paths: string[], reread = 60_000, knownScopes: string[] = []) {
  return fileSource.create({ paths, reread, hostnames: 'refuse' }, { name: 'files', baseDir, knownScopes });
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function list(...addresses: string[]): string {
  return `instances:\n${addresses.map((address) => `  - { address: ${address}, port: 80 }\n`).join('')}`;
}
