import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-handles-'));
  await symlink(resolve('node_modules'), join(dir, 'node_modules'));
  const setup = JSON.stringify(resolve('test/parts/open-handles.ts'));
  await writeFile(join(dir, 'vitest.config.mjs'), `export default { test: { setupFiles: [${setup}] } };`);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs a vitest of its own over one file with this body. */
async function runTest(body: string): Promise<{ code: number; output: string }> {
  const text = `import { test } from 'vitest';\nimport { spawn } from 'node:child_process';\nimport { createServer } from 'node:net';\ntest('t', async () => {\n${body}\n});\n`;
  await writeFile(join(dir, 'a.test.mjs'), text);
  return new Promise((done) => {
    const vitest = resolve('node_modules/.bin/vitest');
    execFile(vitest, ['run', '--root', dir], { cwd: dir }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const LISTEN =
  "const server = createServer(); await new Promise((done) => server.listen(0, '127.0.0.1', done));";

test('a test file that leaves a server or a process behind fails', async () => {
  const server = await runTest(LISTEN);
  expect(server.output).toContain('this test file left open: TCPServerWrap');
  expect(server.code).not.toBe(0);
  const child = await runTest("spawn(process.execPath, ['-e', 'setTimeout(() => {}, 4000)']);");
  expect(child.output).toContain('this test file left open: ProcessWrap');
}, 60_000);

test('one that closes what it opened passes', async () => {
  expect(await runTest(`${LISTEN} server.close();`)).toMatchObject({ code: 0 });
}, 60_000);
