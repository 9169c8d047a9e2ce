import { connect, createServer, type Socket } from 'node:net';
import { listen, portOf } from '../../parts/http.ts';

export interface CountingProxy {
  readonly port: number;
  readonly most: number;
  readonly now: number;
  stop(): Promise<void>;
}

/** Passes TCP connections on to a port of 127.0.0.1 and counts them. */
export async function startCountingProxy(to: number): Promise<CountingProxy> {
  const open = new Set<Socket>();
  let most = 0;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    open.add(near);
    most = Math.max(most, open.size);
    near.on('close', () => {
      open.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    near.pipe(far).pipe(near);
  });
  const stop = await listen(server, 0);
  return {
    port: portOf(server),
    stop,
    get most() {
      return most;
    },
    get now() {
      return open.size;
    },
  };
}
