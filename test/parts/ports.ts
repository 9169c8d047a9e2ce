import { createServer } from 'node:net';

/** Below what the kernel gives to connections and to port 0, so that nothing takes one in between. */
const FIRST = 12_000;
const LAST = 31_999;
const given = new Set<number>();

/**
 * A TCP port on 127.0.0.1 that is free, given out once by this process; which of them is by chance, so
 * that test files that run side by side hardly ever meet. Listen on port 0 instead wherever the part
 * can say its port.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
