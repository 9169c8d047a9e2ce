import { credentials } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import type { XdsServerOptions } from '../../../src/xds/server/options.ts';
import { createXdsServer, type XdsServer } from '../../../src/xds/server/server.ts';
import type { XdsTls } from '../../../src/xds/server/tls.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { type RawClient, rawClient } from '../raw-client.ts';

export const NODE = { id: 'n1', cluster: 'edge' };
export const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
export const SOTW = `${ADS}/StreamAggregatedResources`;
export const DELTA = `${ADS}/DeltaAggregatedResources`;

/** A message with a name in field 1, as every type has, and anything in field 15. */
export function raw(name: string, payload = 'a'): { name: string; bytes: Uint8Array } {
  const field = (tag: number, text: string): Buffer =>
    Buffer.concat([Buffer.from([tag, Buffer.byteLength(text)]), Buffer.from(text)]);
  return { name, bytes: Buffer.concat([field(0x0a, name), field(0x7a, payload)]) };
}

export interface Fixture {
  readonly cache: SnapshotCache;
  readonly server: XdsServer;
  readonly port: number;
  client(secure?: ReturnType<typeof credentials.createSsl>, options?: object): RawClient;
}

/** A server with one resource `<type>-1` of each type under the key `edge`, unless `empty`; closed with the test. */
export async function startServer(
  options: Partial<XdsServerOptions> & { readonly empty?: boolean; readonly tls?: XdsTls } = {},
): Promise<Fixture> {
  const { empty = false, tls, ...rest } = options;
  const cache = new SnapshotCache();
  if (!empty) fill(cache, 'edge');
  const server = createXdsServer({
    cache,
    identify: (node) => ({ key: node.cluster }),
    identifier: 'test-replica',
    ...rest,
    timing: { tickMs: 10, ...rest.timing },
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen('127.0.0.1', 0, tls);
  return {
    cache,
    server,
    port,
    client(secure = credentials.createInsecure(), clientOptions = {}) {
      const client = rawClient(port, secure, clientOptions);
      onTestFinished(() => client.close());
      return client;
    },
  };
}

export function fill(cache: SnapshotCache, key: string, payload = 'a'): void {
  for (const [short, typeUrl] of Object.entries(TYPE_URL)) {
    cache.setResources(key, typeUrl, [raw(`${short}-1`, payload)]);
  }
}
