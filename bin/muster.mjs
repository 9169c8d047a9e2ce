#!/usr/bin/env node
// The npm bin. Plain JavaScript for old Nodes: goes on in Node 24, this one or the packaged one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVE_FLAGS } from './serve-flags.mjs';

const NODE_MAJOR = 24;
const main = new URL('../dist/src/main.js', import.meta.url);

/** The optional dependencies of package.json that bring a Node, whichever fits this machine. */
const PACKAGES = [
  `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  `node-bin-${process.platform}-${process.arch}`,
];

function packagedNode() {
  const require = createRequire(import.meta.url);
  for (const name of PACKAGES) {
    try {
      const dir = dirname(require.resolve(`${name}/package.json`));
      const path = ['node', 'node.exe']
        .map((file) => join(dir, 'bin', file))
        .find((file) => existsSync(file));
      if (path !== undefined) return path;
    } catch {
      // Not installed on this platform: the next name may be.
    }
  }
  return undefined;
}

const args = process.argv.slice(2);
const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
/** The heap is laid out before the first line runs, so `serve` starts again with the flags that it needs. */
const flags = args.includes('serve') ? SERVE_FLAGS.filter((flag) => !isChosen(flag)) : [];

/** A user who sets this flag has measured: it is left alone. */
function isChosen(flag) {
  const [name = flag] = flag.split('=');
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) => text.includes(name));
}

if (isNew && flags.length > 0 && process.execve !== undefined && process.platform !== 'win32') {
  // The same process id, so supervisors and signals see nothing of it.
  const again = [process.execPath, ...flags, ...process.execArgv, fileURLToPath(main), ...args];
  process.execve(process.execPath, again, process.env);
} else if (isNew) {
  await import(main.href);
} else {
  const node = packagedNode();
  if (node === undefined) {
    process.stderr.write(
      `muster needs Node ${NODE_MAJOR} or later and this is ${process.version}: install it, or reinstall muster ` +
        `without --omit=optional so that npm brings one\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...flags, fileURLToPath(main), ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
}
