import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundToEngines, missingOptional } from '../../scripts/lockfile.mjs';
import { findNode, isInstalled, whyNpmFailed } from '../../scripts/setup.mjs';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-setup-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const A = { version: '1.0.0', integrity: 'sha512-a' };
const MAC_ONLY = { version: '2.0.0', integrity: 'sha512-mac', optional: true };

async function clone(wanted: object, installed: object | string | undefined): Promise<string> {
  await writeFile(join(dir, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed !== undefined) {
    await mkdir(join(dir, 'node_modules'), { recursive: true });
    const text = typeof installed === 'string' ? installed : JSON.stringify({ packages: installed });
    await writeFile(join(dir, 'node_modules', '.package-lock.json'), text);
  }
  return dir;
}

test('a fresh clone is not installed', async () => {
  expect(isInstalled(await clone({ 'node_modules/a': A }, undefined))).toBe(false);
});

test('packages as in the lockfile are installed, also without those of other platforms', async () => {
  const wanted = { 'node_modules/a': A, 'node_modules/mac-only': MAC_ONLY };
  expect(isInstalled(await clone(wanted, { 'node_modules/a': A }))).toBe(true);
});

test.each([
  ['another version', { 'node_modules/a': { ...A, version: '1.0.1' } }],
  ['other contents under the same version', { 'node_modules/a': { ...A, integrity: 'sha512-b' } }],
  ['a package that is missing', {}],
  ['a package too many', { 'node_modules/a': A, 'node_modules/b': A }],
  ['a list cut short by a broken install', '{ "packages": {'],
])('%s is stale', async (_, installed) => {
  expect(isInstalled(await clone({ 'node_modules/a': A }, installed))).toBe(false);
});

test('a packaged Node that npm did not link is linked for npm scripts and found again', async () => {
  const home = join(dir, 'node_modules', 'node-any');
  await mkdir(join(home, 'bin'), { recursive: true });
  await writeFile(
    join(dir, 'package.json'),
    '{ "optionalDependencies": { "node-gone": "1", "node-any": "1" } }',
  );
  await writeFile(join(home, 'package.json'), '{ "bin": { "node": "bin/node" } }');
  await writeFile(join(home, 'bin', 'node'), 'a program');
  const link = join(dir, 'node_modules', '.bin', 'node');
  expect([findNode(dir), findNode(dir)]).toEqual([link, link]);
  expect(await readFile(link, 'utf8')).toBe('a program');
});

test('without a packaged Node the error says which to install', async () => {
  await writeFile(join(dir, 'package.json'), '{}');
  expect(() => findNode(dir)).toThrow(/no packaged Node 24 for \S+ \S+, .*: install Node 24 or later/);
});

test.each([
  ['npm error code ENOSPC\nnpm error nospc ...', 'the disk is full'],
  ['npm ERR! code EACCES\nnpm ERR! syscall mkdir', 'npm may not write here'],
  ['npm error code ENOTFOUND\nnpm error network request failed', 'cannot reach its registry'],
  ['npm error code E404\nnpm error 404 Not Found', 'npm says "code E404"'],
])('%j becomes one line', (output, line) => {
  const why = whyNpmFailed(output);
  expect(why).toContain(line);
  expect(why).not.toContain('\n');
});

test('the lockfile works on every platform and on Node 18 (node scripts/lockfile.mjs mends it)', async () => {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'));
  expect(missingOptional(packages).map(({ name }) => name)).toEqual([]);
  expect(boundToEngines(packages)).toEqual([]);
});

test('a lockfile that an npm install broke is seen', () => {
  const packages = {
    'node_modules/x': { optionalDependencies: { '@x/x-linux-x64': '1.0.0', '@x/x-darwin-x64': '1.0.0' } },
    'node_modules/@x/x-linux-x64': { optional: true, os: ['linux'], engines: { node: '>=20' } },
  };
  expect(missingOptional(packages).map(({ name }) => name)).toEqual(['@x/x-darwin-x64']);
  expect(boundToEngines(packages)).toEqual(['node_modules/@x/x-linux-x64']);
});
