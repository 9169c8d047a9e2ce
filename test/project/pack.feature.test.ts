import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let dir = '';
let files: readonly string[] = [];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 32 * 1024 * 1024 };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** The package, built, packed and installed into an empty directory, as a user would. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-pack-'));
  const built = await run(process.execPath, ['scripts/build.mjs'], '.');
  expect(built, built.stderr).toMatchObject({ code: 0 });
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir], '.');
  expect(packed, packed.stderr).toMatchObject({ code: 0 });
  await writeFile(join(dir, 'package.json'), '{ "type": "module", "private": true }');
  const tarball = (await readdir(dir)).find((name) => name.endsWith('.tgz')) ?? '';
  files = (await run('tar', ['-tzf', tarball], dir)).stdout.trim().split('\n');
  const flags = ['--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const installed = await run('npm', ['install', ...flags, `./${tarball}`], dir);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
}, 300_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

test('npx muster --help works from the tarball', async () => {
  const { code, stdout, stderr } = await run('npx', ['--no-install', 'muster', '--help'], dir);
  expect({ code, stderr: stderr.replaceAll(/^npm warn.*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: muster');
});

test('the package renders the quickstart without its sources or the protos', async () => {
  const config = resolve('examples/quickstart');
  const args = ['--no-install', 'muster', 'render', config, '--group', 'edge'];
  const { code, stdout, stderr } = await run('npx', args, dir);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('10000');
  expect(files.filter((name) => /^package\/(src|test|scripts|protos|node_modules)\//.test(name))).toEqual([]);
  expect(files).toContain('package/LICENSE');
  // A thread's file is not imported by any other.
  expect(files).toContain('package/dist/src/discovery/ec2/worker.js');
});

test('both exports load, with types', async () => {
  const code =
    "import * as a from 'muster'; import * as b from 'muster/xds'; console.log(Object.keys(a).length, Object.keys(b).length);";
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], dir);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^[1-9]\d* [1-9]\d*\n$/);
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  for (const entry of [exports['.'], exports['./xds']]) {
    expect(files).toContain(`package/${entry.types.slice(2)}`);
  }
});

test('started by an older Node it goes on in the packaged one, or says in one line what it needs', async () => {
  const preload = join(dir, 'old-node.cjs');
  await writeFile(preload, "Object.defineProperty(process, 'versions', { value: { node: '18.0.0' } });");
  const shim = join(dir, 'node_modules', 'muster', 'bin', 'muster.mjs');
  const packaged = await run(process.execPath, ['--require', preload, shim, '--help'], dir);
  expect(packaged, packaged.stderr).toMatchObject({ code: 0 });
  expect(packaged.stdout).toContain('Usage: muster');
  await cp(join(shim, '..'), join(dir, 'alone'), { recursive: true });
  const alone = join(dir, 'alone', 'muster.mjs');
  await rm(join(dir, 'node_modules'), { recursive: true });
  const without = await run(process.execPath, ['--require', preload, alone, '--help'], dir);
  expect(without.code).toBe(1);
  expect(without.stderr).toMatch(/^muster needs Node 24 or later and this is .*: install it, or .*\n$/);
});
