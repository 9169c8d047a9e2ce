import { freePort } from '../parts/ports.ts';
import { echo, grpcEcho, type PairOnDisk, pairOnDisk, socketEcho } from './parts.ts';
import type { Workspace } from './workspace.ts';

export const HOST = 'shop.example.com';

/** What the tests edit; the rest of the shop's config follows from it. */
export interface ShopEdit {
  /** Services beside `socket` and `calls`, each with the ports of its endpoints. */
  readonly services: Readonly<Record<string, readonly number[]>>;
  /** Path prefix -> service. */
  readonly routes: Readonly<Record<string, string>>;
  /** A header on every answer, to see which edit is served. */
  readonly edition?: string;
}

/** HTTP and HTTPS listeners before requests, a WebSocket and a gRPC stream. */
export interface Shop {
  readonly http: number;
  readonly https: number;
  readonly pair: PairOnDisk;
  readonly one: number;
  readonly two: number;
  config(edit: ShopEdit): object;
}

export async function startShop(workspace: Workspace): Promise<Shop> {
  const [one, two, socket, calls] = [
    await echo({ name: 'one' }),
    await echo({ name: 'two' }),
    await socketEcho(),
    await grpcEcho(),
  ];
  const [http, https] = [await freePort(), await freePort()];
  const pair = await pairOnDisk(workspace.dir, 'shop', [HOST]);
  await pair.rotate();
  const config: Shop['config'] = ({ services, routes, edition = 'first' }) => ({
    secrets: {
      'shop-tls': { tls: { certificate: pair.certificate, privateKey: pair.privateKey } },
    },
    services: {
      socket: { endpoints: [endpoint(socket.port)] },
      calls: { endpoints: [endpoint(calls.port)], protocol: 'http2' },
      ...Object.fromEntries(
        Object.entries(services).map(([name, ports]) => [name, { endpoints: ports.map(endpoint) }]),
      ),
    },
    listeners: {
      plain: { port: http, address: '127.0.0.1' },
      secure: {
        port: https,
        address: '127.0.0.1',
        protocol: 'HTTPS',
        tls: { certificates: [{ secret: 'shop-tls' }] },
      },
    },
    httpRoutes: {
      shop: {
        listeners: ['plain', 'secure'],
        filters: [{ responseHeaderModifier: { set: [{ name: 'x-edition', value: edition }] } }],
        rules: [
          rule('/socket', 'socket'),
          rule('/muster.test.Echo', 'calls'),
          ...Object.entries(routes).map(([prefix, service]) => rule(prefix, service)),
        ],
      },
    },
    groups: { edge: { listeners: ['plain', 'secure'] } },
  });
  return { http, https, pair, one: one.port, two: two.port, config };
}

function rule(prefix: string, service: string): object {
  return {
    matches: [{ path: prefix }],
    backends: [{ service }],
    timeouts: { request: '0s' },
  };
}

function endpoint(port: number): string {
  return `127.0.0.1:${port}`;
}
