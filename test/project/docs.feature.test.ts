import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DocCommand, documentedCommands } from './doc-commands.ts';
import { type Quickstart, startQuickstart } from './quickstart.ts';

/** Commands that other tests run for real, or that only a user's machine can: each with the reason. */
const ELSEWHERE: readonly { readonly command: RegExp; readonly why: string }[] = [
  { command: /^curl -X PUT '?http:\/\/127\.0\.0\.1:8500\//, why: 'consul-example.feature.test.ts' },
  {
    command: /^(node examples\/ec2\/|AWS_ACCESS_KEY_ID=\S+ .* muster serve|python3 -m venv moto|moto\/bin\/)/,
    why: 'ec2-example.feature.test.ts',
  },
  { command: /^muster explain secret\//, why: 'secret-stores.feature.test.ts: the quickstart has no secret' },
  {
    command: /^(muster pki |cat pki\/|muster bootstrap .* --xds muster\.internal)/,
    why: 'secure-the-fleet.feature.test.ts runs that page in a folder of its own',
  },
  { command: /^node examples\/vault\//, why: 'vault-example.feature.test.ts' },
  { command: /^node examples\/aws-secrets-manager\//, why: 'aws-secrets-manager-example.feature.test.ts' },
  { command: /^npm start\b/, why: 'quickstart.feature.test.ts' },
  { command: /^(npx )?muster serve\b/, why: 'quickstart.feature.test.ts runs it until a signal' },
  { command: /^npm (test|run (check|bench|build|docs))\b/, why: 'this very run, pack.feature.test.ts' },
  { command: /^npm (ci|i|install|pack)\b/, why: 'pack.feature.test.ts' },
  { command: /^(envoy|func-e) /, why: 'quickstart.feature.test.ts, with the pinned Envoy' },
  {
    command: /^(git|cd|sudo|apt-get|systemctl|ssh|scp|vault|consul|openssl|mkdir|cp|mv|\$EDITOR|vi|nano) ?/,
    why: "the user's own tools",
  },
];

const commands = documentedCommands();
const runnable = commands.filter(({ text }) => !ELSEWHERE.some(({ command }) => command.test(text)));

let started: Quickstart | undefined;
let quickstart: Quickstart;
let bin = '';
beforeAll(async () => {
  quickstart = await startQuickstart();
  started = quickstart;
  bin = join(quickstart.directory, 'bin');
  await mkdir(bin);
  const shim = `#!/bin/sh\nexec "${process.execPath}" "${resolve('src/main.ts')}" "$@"\n`;
  await writeFile(join(bin, 'muster'), shim);
  await chmod(join(bin, 'muster'), 0o755);
}, 120_000);
afterAll(() => started?.stop());

/** The command as a user would run it beside `npm start`, with that start's ports. */
function run(text: string): Promise<{ code: number; output: string }> {
  const ported = text.replaceAll(/\b(9000|9001|10000|18000|18080|19000)\b/g, (port) =>
    String(quickstart.port(Number(port))),
  );
  const shell = ported.replace(/^npx muster\b/, 'muster');
  const api = `http://127.0.0.1:${quickstart.port(18080)}`;
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, MUSTER_API_URL: api };
  return new Promise((done) => {
    execFile('/bin/sh', ['-c', shell], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
  });
}

test('the README shows commands', () => {
  expect(commands.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(1);
});

test('npm scripts that are shown exist', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
  const shown = commands.flatMap(
    ({ text }) => /^npm (?:run )?(start|test|check|bench|build|docs)\b/.exec(text)?.[1] ?? [],
  );
  expect(shown.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(
  runnable.map((command): [string, DocCommand] => [
    `${command.file}:${command.line}: ${command.text}`,
    command,
  ]),
)('%s', async (_, { text }) => {
  const { code, output } = await run(text);
  expect(code, output).toBe(0);
});
