import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** The first to start ends by a fault at its first message; those after it are the real worker. */
const marker = process.env['MUSTER_TEST_MARKER'] ?? '';
if (existsSync(marker)) {
  await import('../../../src/discovery/ec2/worker.ts');
} else {
  writeFileSync(marker, '');
  parentPort?.on('message', () => {
    throw new Error('a fault of ours');
  });
}
