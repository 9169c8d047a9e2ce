import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../parts/ports.ts';
import { echo, type PairOnDisk, pairOnDisk } from './parts.ts';
import type { Workspace } from './workspace.ts';

export const HOST = 'web.example.com';

/** A config whose one service `web` takes its endpoints from a file, behind HTTP and HTTPS. */
export interface Sourced {
  readonly http: number;
  readonly https: number;
  readonly pair: PairOnDisk;
  /** The file with the endpoints. */
  readonly file: string;
  readonly config: object;
  /** Ports of the echo upstreams `one`, `two` and `three`. */
  readonly ports: readonly [number, number, number];
  /** What the file says for these ports. */
  text(ports: readonly number[]): string;
  /** Puts them into the file in place. */
  write(ports: readonly number[]): Promise<void>;
}

export async function startSourced(workspace: Workspace): Promise<Sourced> {
  const named = async (name: string): Promise<number> => (await echo({ name })).port;
  const ports = [await named('one'), await named('two'), await named('three')] as const;
  const file = join(workspace.dir, 'endpoints.yaml');
  const text = (wanted: readonly number[]): string =>
    JSON.stringify({ instances: wanted.map((port) => ({ address: '127.0.0.1', port, service: 'web' })) });
  const write = (wanted: readonly number[]): Promise<void> => writeFile(file, text(wanted));
  const [http, https] = [await freePort(), await freePort()];
  const pair = await pairOnDisk(workspace.dir, 'web', [HOST]);
  await pair.rotate();
  const tls = { certificates: [{ secret: 'web-tls' }] };
  const config = {
    sources: { legacy: { file: { paths: [file] } } },
    secrets: { 'web-tls': { tls: { certificate: pair.certificate, privateKey: pair.privateKey } } },
    services: { web: { from: [{ source: 'legacy', service: 'web' }] } },
    listeners: {
      plain: { port: http, address: '127.0.0.1' },
      secure: { port: https, address: '127.0.0.1', protocol: 'HTTPS', tls },
    },
    httpRoutes: { all: { listeners: ['plain', 'secure'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['plain', 'secure'] } },
  };
  await workspace.putConfig(config);
  return { http, https, pair, file, config, ports, text, write };
}

export function addresses(ports: readonly number[]): readonly string[] {
  return ports.map((port) => `127.0.0.1:${port}`).toSorted();
}
