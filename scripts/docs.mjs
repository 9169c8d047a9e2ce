// `npm run docs`: writes what is generated in the documentation; with --check only says what is stale.
import { setUp } from './setup.mjs';

await setUp();
const { generatedFiles } = await import('./docs/generate.ts');
const { readFileSync, writeFileSync } = await import('node:fs');
const { join } = await import('node:path');
const { root } = await import('./setup.mjs');

const check = process.argv.includes('--check');
for (const { path, text } of await generatedFiles()) {
  const file = join(root, path);
  if (textOf(file) === text) continue;
  if (check) {
    console.error(`${path} is not what \`npm run docs\` writes: run it and commit the result`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`${path} written`);
  }
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not there yet, which is as stale as can be.
    return undefined;
  }
}
