import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { MusterError } from '../errors.ts';

/** Gives the directory back. */
export type Unlock = () => Promise<void>;

/**
 * One muster per state directory: two would take each other's files for leftovers. The lock is a
 * socket name of the kernel, so it ends with the process however that ends and nothing stale stays
 * behind. Linux only; elsewhere nothing is locked. A directory that cannot be made is no reason not
 * to start: the state says so itself.
 */
export async function lockState(dir: string): Promise<Unlock> {
  if (process.platform !== 'linux') return () => Promise.resolve();
  const real = await mkdir(dir, { recursive: true, mode: 0o700 })
    .then(() => realpath(dir))
    .catch(() => undefined);
  if (real === undefined) return () => Promise.resolve();
  const name = createHash('sha256').update(real).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(inUse(dir, cause)));
    server.listen(`\0muster-state-${name}`, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function inUse(dir: string, cause: unknown): MusterError {
  const text = `the state directory ${dir} is used by another muster on this machine: end it, or give each its own --state`;
  return new MusterError('state_failed', text, { cause });
}
