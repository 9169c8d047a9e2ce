// `npm run bench [name...]`: the machine, then each file of test/bench one after the other, alone.
import { setUp } from './setup.mjs';

await setUp();
const { spawn } = await import('node:child_process');
const { readdirSync } = await import('node:fs');
const os = await import('node:os');
const { basename, join } = await import('node:path');
const { environment, root } = await import('./setup.mjs');

const wanted = process.argv.slice(2);
const directory = join(root, 'test', 'bench');
const files = readdirSync(directory)
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => wanted.length === 0 || wanted.includes(basename(name, '.bench.ts')))
  .sort();

if (files.length === 0) {
  console.error(`no benchmark is called ${wanted.join(' or ')}: test/bench/ has the names`);
  process.exitCode = 1;
} else {
  console.log(machineFacts());
}
for (const file of files) {
  console.log(`\n## ${basename(file, '.bench.ts')}  (load ${os.loadavg()[0]?.toFixed(2)})\n`);
  if ((await run(join(directory, file))) !== 0) process.exitCode = 1;
}

function machineFacts() {
  const cpus = os.cpus();
  const memory = `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const load = os.loadavg().map((value) => value.toFixed(2));
  return [
    `${cpus[0]?.model.trim() ?? 'unknown CPU'}, ${cpus.length} cores, ${memory}`,
    `Node ${process.version}, ${os.type()} ${os.release()} ${os.arch()}, load ${load.join(' ')}`,
    ...(Number(load[0]) > 0.5
      ? ['something else is running: the figures will be worse than on an idle machine']
      : []),
  ].join('\n');
}

/** @param {string} file @returns {Promise<number>} */
function run(file) {
  return new Promise((resolve, reject) => {
    // --expose-gc: memory per node is measured after a collection.
    const args = ['--expose-gc', file];
    const child = spawn(process.execPath, args, { cwd: root, env: environment(), stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal !== null) console.error(`${basename(file)} was ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
}
