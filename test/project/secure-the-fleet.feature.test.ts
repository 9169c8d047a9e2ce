import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { loadSettings } from '../../src/config/settings.ts';
import { parseDenylist } from '../../src/serve/denylist.ts';
import { openNodeAccess } from '../../src/serve/node-access.ts';
import { commandsOf } from './doc-commands.ts';

const PAGE = 'docs/secure-the-fleet.md';

/** A folder with a `muster` on the path. */
async function folder(): Promise<{ readonly dir: string; readonly path: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-secure-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'muster'),
    `#!/bin/sh\nexec "${process.execPath}" "${resolve('src/main.ts')}" "$@"\n`,
  );
  await chmod(join(bin, 'muster'), 0o755);
  return { dir, path: `${bin}:${process.env['PATH']}` };
}

function run(text: string, { dir, path }: { readonly dir: string; readonly path: string }): Promise<string> {
  return new Promise((done, failed) => {
    execFile(
      '/bin/sh',
      ['-c', text],
      { cwd: dir, env: { ...process.env, PATH: path } },
      (error, out, err) => {
        if (error === null) done(out);
        else failed(new Error(`${text}: ${err}`));
      },
    );
  });
}

function blocks(page: string, language: string): readonly string[] {
  return Array.from(
    page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm')),
    ([, text]) => text ?? '',
  );
}

test('the page on securing the fleet does what it says, command by command', async () => {
  const at = await folder();
  const page = await readFile(PAGE, 'utf8');
  const commands = commandsOf(page, PAGE);
  expect(commands.length).toBeGreaterThan(6);
  for (const { text } of commands) await run(text, at);
  const written = Object.assign({}, ...blocks(page, 'yaml').map((text) => parse(text)));
  const denied = join(at.dir, 'denied');
  await writeFile(denied, '');
  const file = join(at.dir, 'muster.yaml');
  await writeFile(
    file,
    JSON.stringify({ ...written, config: 'config', nodeDenylist: denied, auditFile: 'audit.log' }),
  );
  const settings = await loadSettings({ file, env: {}, flags: {} });
  const access = await openNodeAccess(settings, pino({ level: 'silent' }));
  await access.close();
  expect([...access.operators]).toEqual(['spiffe://example.org/operator/alice']);
  const both = (await readFile(join(at.dir, 'both-ca.pem'), 'utf8')).split('BEGIN CERTIFICATE').length - 1;
  expect(both).toBe(2);
});

test('the denylist on the page can be read, and every reason is on the page', async () => {
  const page = await readFile(PAGE, 'utf8');
  const list = blocks(page, 'text')[0]?.replace('4fb1…', 'ab'.repeat(32)) ?? '';
  expect(parseDenylist(list)).toMatchObject({
    list: { uris: new Set(['spiffe://example.org/group/edge/node/n1']) },
  });
  const source = await readFile('src/serve/audit.ts', 'utf8');
  const [, union = ''] = /RefusalReason =([^;]+);/.exec(source) ?? [];
  const reasons = Array.from(union.matchAll(/'([a-z-]+)'/g), ([, reason]) => reason ?? '');
  expect(reasons.length).toBeGreaterThan(10);
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
