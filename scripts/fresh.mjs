// Clones HEAD into an empty directory and runs a command there with an empty HOME and cache, as a
// fresh machine would: `node scripts/fresh.mjs npm test`. Not part of `npm test`.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './setup.mjs';

const [command = 'npm', ...args] = process.argv.length > 2 ? process.argv.slice(2) : ['npm', 'test'];
const directory = mkdtempSync(join(tmpdir(), 'muster-fresh-'));
const home = join(directory, 'home');
const clone = join(directory, 'muster');
mkdirSync(home);
const cloned = spawnSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' });
if (cloned.status !== 0) process.exit(1);

const OWN = process.env.npm_lifecycle_event ? /^(npm_|NODE$|INIT_CWD$|XDG_|MUSTER_)/ : /^(XDG_|MUSTER_)/;
// Nothing of this clone or of a surrounding npm script: neither its PATH nor its settings.
const kept = Object.entries(process.env).filter(([name]) => !OWN.test(name));
const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
const started = Date.now();
const child = spawn(command, args, {
  cwd: clone,
  env: { ...Object.fromEntries(kept), HOME: home, PATH: path.join(delimiter) },
  stdio: 'inherit',
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  console.error(
    `${[command, ...args].join(' ')}: exit code ${code} after ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
  rmSync(directory, { recursive: true, force: true });
  process.exit(code ?? 1);
});
