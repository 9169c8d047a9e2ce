// Makes the npm packages and the right Node present. Runs on Node 18 with no dependency.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The first Node that runs TypeScript as it is. */
const NODE_MAJOR = 24;

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);

/**
 * Installs the npm packages unless they are those of the lockfile, then goes on in Node 24: returns
 * when this process is one, and otherwise runs the same command in one and ends with its exit code.
 */
export async function setUp() {
  const host = Number(process.versions.node.split('.')[0]);
  try {
    if (host < 18)
      throw new Error(`Node ${process.version} is too old to set muster up: install Node 18 or later`);
    await installPackages();
    if (host < NODE_MAJOR) await runIn(findNode(root));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/**
 * Whether node_modules holds what the lockfile says, by the list npm itself keeps there: true after
 * `npm ci` or `npm install` by hand, false after a pull that changed the lockfile or a broken install.
 * @param {string} directory
 */
export function isInstalled(directory) {
  const installed = packagesIn(join(directory, 'node_modules', '.package-lock.json'));
  const wanted = packagesIn(join(directory, 'package-lock.json'));
  if (installed === undefined || wanted === undefined) return false;
  const complete = Object.entries(wanted).every(([path, entry]) => {
    const there = installed[path];
    if (path === '') return true;
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
  return complete && Object.keys(installed).every((path) => wanted[path] !== undefined);
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @param {string} file @returns {Record<string, LockedPackage> | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    // Missing or cut short: both mean that npm has to write it again.
    return undefined;
  }
}

async function installPackages() {
  if (isInstalled(root)) return;
  say('npm packages: installing (once, and again when package-lock.json changes)');
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
  const progress = setInterval(() => say(`npm packages: still installing after ${seconds()} s`), 10_000);
  try {
    const { code, output } = await npmCi();
    if (code !== 0) throw new Error(whyNpmFailed(output));
  } finally {
    clearInterval(progress);
  }
  say(`npm packages: ready after ${seconds()} s`);
}

/** @returns {Promise<{ code: number | null, output: string }>} */
function npmCi() {
  // Dev and optional packages are needed even where the user's npm leaves them out.
  const flags = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...flags]] : ['npm', flags];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: `npm error ${error.message}` }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** One line out of npm's many. @param {string} output */
export function whyNpmFailed(output) {
  const says = (/** @type {RegExp} */ pattern) => pattern.test(output);
  const todo = (/** @type {string} */ why) =>
    `the npm packages cannot be installed: ${why}, then run this again`;
  if (says(/ENOSPC/)) return todo('the disk is full; make room');
  if (says(/EACCES|EPERM|EROFS/)) return todo('npm may not write here; give this user the directory');
  if (says(/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET/)) {
    return todo('npm cannot reach its registry; check the network and `npm config get registry`');
  }
  const first = output.split('\n').find((line) => /^npm err/i.test(line)) ?? output.trim().split('\n').at(-1);
  return todo(`npm says "${(first ?? '').replace(/^npm err(or)?!?\s*/i, '')}"; mend that`);
}

/**
 * The Node 24 among the optional packages. Some npms leave out its link in .bin, where npm scripts and
 * the programs they start look for it: made here then.
 * @param {string} directory
 */
export function findNode(directory) {
  const link = join(directory, 'node_modules', '.bin', 'node');
  if (existsSync(link)) return link;
  const node = packagedNode(directory);
  if (node === undefined) {
    throw new Error(
      `no packaged Node ${NODE_MAJOR} for ${process.platform} ${process.arch}, and this one is ${process.version}: ` +
        `install Node ${NODE_MAJOR} or later and run this again`,
    );
  }
  // A link that leads nowhere is in the way of the new one.
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(node, link);
  return link;
}

/** @param {string} directory */
function packagedNode(directory) {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  for (const name of Object.keys(optionalDependencies)) {
    const home = join(directory, 'node_modules', name);
    if (!existsSync(join(home, 'package.json'))) continue;
    const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    if (typeof bin?.node === 'string' && existsSync(join(home, bin.node))) return join(home, bin.node);
  }
  return undefined;
}

/** Runs this very command in another Node and ends as it ends. @param {string} node @returns {Promise<never>} */
function runIn(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit', env: environment() });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // A terminal's Ctrl-C reaches both; the child decides when it is done.
    process.on(signal, () => child.kill(signal));
  }
  return new Promise((_, reject) => {
    child.on('error', (error) =>
      reject(new Error(`${node} does not run: ${error.message}; remove node_modules`)),
    );
    child.on('exit', (code) => process.exit(code ?? 1));
  });
}

/** PATH as in npm scripts, so that whatever a step starts by name comes from this clone. */
export function environment() {
  const bin = join(root, 'node_modules', '.bin');
  const path = process.env.PATH ?? '';
  return { ...process.env, PATH: path.split(':').includes(bin) ? path : `${bin}:${path}` };
}
