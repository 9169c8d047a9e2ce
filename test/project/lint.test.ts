import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-lint-'));
  await cp('biome.json', join(dir, 'biome.json'));
  await cp('.gitignore', join(dir, '.gitignore'));
  await symlink(resolve('node_modules'), join(dir, 'node_modules'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function lint(): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    execFile(resolve('node_modules/.bin/biome'), ['lint'], { cwd: dir }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

test.each([
  [
    'noFloatingPromises',
    'async function work(): Promise<void> {}\nexport function f(): void {\n  work();\n}\n',
    'async function work(): Promise<void> {}\nexport async function f(): Promise<void> {\n  await work();\n}\n',
  ],
  [
    'useExhaustiveSwitchCases',
    "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n",
    "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n    case 'b':\n      return 2;\n  }\n}\n",
  ],
  ['noExplicitAny', 'export const a: any = 1;\n', 'export const a: unknown = 1;\n'],
  ['noDefaultExport', 'export default 1;\n', 'export const a = 1;\n'],
])('%s is an error', async (rule, bad, good) => {
  await writeFile(join(dir, 'sample.ts'), bad);
  const refused = await lint();
  expect(refused.code).not.toBe(0);
  expect(refused.output).toContain(rule);
  await writeFile(join(dir, 'sample.ts'), good);
  expect(await lint()).toMatchObject({ code: 0 });
});
