// `npm run build`: dist/ as the package ships it, the tree of src/ compiled under dist/src/.
import { setUp } from './setup.mjs';

await setUp();
const { rm } = await import('node:fs/promises');
const { join } = await import('node:path');
const { root } = await import('./setup.mjs');
const { runProgram } = await import('./steps.mjs');

await rm(join(root, 'dist'), { recursive: true, force: true });
const { code, output } = await runProgram('tsc', ['-p', 'tsconfig.build.json']);
if (code === 0) {
  const { writeBundle } = await import('../src/xds/proto/registry.ts');
  // Beside the compiled registry: the package needs neither the protos nor a writable directory.
  writeBundle(join(root, 'dist', 'src', 'xds', 'proto', 'descriptors.json'));
} else {
  process.stderr.write(output);
  process.exitCode = 1;
}
