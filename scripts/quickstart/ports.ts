import { createServer } from 'node:net';
import { QuickstartError, type QuickstartOptions } from './options.ts';

interface WantedPort {
  readonly port: number;
  readonly use: string;
  readonly otherwise: string;
}

/** Throws one line for the first port that something else listens on. */
export async function checkPorts(options: QuickstartOptions): Promise<void> {
  for (const { port, use, otherwise } of wantedPorts(options)) {
    if (await isFree(port)) continue;
    throw new QuickstartError(`port ${port} (${use}) is in use: stop what listens there, or ${otherwise}`);
  }
}

function wantedPorts(options: QuickstartOptions): WantedPort[] {
  const flag = (port: number, use: string, name: string): WantedPort => ({
    port,
    use,
    otherwise: `run \`npm start -- ${name} PORT\``,
  });
  return [
    flag(options.xds, "muster's xDS", '--xds'),
    flag(options.api, "muster's HTTP API", '--api'),
    flag(options.admin, "Envoy's admin", '--admin'),
    ...options.upstreams.map((port) => ({
      port,
      use: 'an upstream',
      otherwise: `run \`npm start -- --upstreams PORT,PORT\` with the same ports in ${options.config}`,
    })),
    ...options.listeners.map(({ name, port }) => ({
      port,
      use: `listener ${name}`,
      otherwise: `change it in ${options.config}`,
    })),
  ];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(new QuickstartError(`port ${port} cannot be used: ${error.message}`));
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
