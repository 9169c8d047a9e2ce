// Mends package-lock.json after `npm install`, for `npm ci` on fresh machines:
// - optional packages of other platforms that npm left out, which it does when the registry in use
//   lacks them, are added: `npm ci` refuses a lockfile without them;
// - `engines` of platform packages are dropped: an npm on Node 18 would skip those, and they run in
//   the Node 24 that comes along.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './setup.mjs';

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {boolean} [dev]
 * @property {string} [license]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {Record<string, string>} [engines]
 * @property {Record<string, string>} [optionalDependencies]
 *
 * @typedef {Record<string, Entry>} Packages
 */

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Optional packages that something in the lockfile names and the lockfile lacks. @param {Packages} packages */
export function missingOptional(packages) {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(packages, path, name))
      .map(([name, version]) => ({ name, version, parent: entry })),
  );
}

/** @param {Packages} packages @param {string} path @param {string} name */
function isLocked(packages, path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`] !== undefined) return true;
    if (base === '') return false;
  }
}

/**
 * What npm would write, read off the name; without integrity, which only the registry knows.
 * @param {{ name: string, version: string, parent: Entry }} missing @returns {Entry}
 */
function entryFor({ name, version, parent }) {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const cpu = words.filter((word) => CPU.includes(word));
  const os = words.filter((word) => OS.includes(word));
  const libc = words.flatMap((word) =>
    word.startsWith('musl') ? ['musl'] : word.startsWith('gnu') ? ['glibc'] : [],
  );
  if (!/^\d[\w.-]*$/.test(version) || os.length !== 1) throw new Error(`${name}@${version}: add it by hand`);
  return {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(os[0] === 'linux' && libc.length > 0 ? { libc } : {}),
    ...(parent.dev === true ? { dev: true } : {}),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os,
  };
}

/** Platform packages that an old npm would skip. @param {Packages} packages */
export function boundToEngines(packages) {
  return Object.entries(packages)
    .filter(([, { optional, os, engines }]) => optional === true && os !== undefined && engines !== undefined)
    .map(([path]) => path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(root, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock.packages);
  for (const one of missing) lock.packages[`node_modules/${one.name}`] = entryFor(one);
  const bound = boundToEngines(lock.packages);
  for (const path of bound) delete lock.packages[path].engines;
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.length} packages added, ${bound.length} freed of their engines`);
}
