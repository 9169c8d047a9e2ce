import { request as httpsRequest } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import { createXdsServer } from '../../../src/xds/server/server.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { startEnvoy } from '../../parts/envoy.ts';
import { startEcho } from '../../parts/http.ts';
import { freePort } from '../../parts/ports.ts';
import { until } from '../../parts/until.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { ADS_SOURCE, cluster, endpoints, listener, route, secret } from './envoy-resources.ts';

type Way = 'delta ADS' | 'SotW ADS' | 'separate SotW streams' | 'separate delta streams';

const grpc = (apiType: string) => ({
  apiType,
  transportApiVersion: 'V3',
  grpcServices: [{ envoyGrpc: { clusterName: 'xds' } }],
});

/** Where a resource finds the next one, in that way of talking. */
function sourceOf(way: Way): object {
  if (way.endsWith('ADS')) return ADS_SOURCE;
  return { apiConfigSource: grpc(way.includes('delta') ? 'DELTA_GRPC' : 'GRPC'), resourceApiVersion: 'V3' };
}

function bootstrapOf(way: Way, xdsPort: number): object {
  const address = { socketAddress: { address: '127.0.0.1', portValue: xdsPort } };
  const http2 = {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicitHttpConfig: { http2ProtocolOptions: {} },
  };
  const xds = {
    name: 'xds',
    type: 'STATIC',
    connectTimeout: '1s',
    typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
    loadAssignment: { clusterName: 'xds', endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
  };
  const source = sourceOf(way);
  const ads = way.endsWith('ADS') ? { adsConfig: grpc(way === 'delta ADS' ? 'DELTA_GRPC' : 'GRPC') } : {};
  return {
    node: { id: 'envoy-1', cluster: 'edge' },
    staticResources: { clusters: [xds] },
    dynamicResources: { ...ads, cdsConfig: source, ldsConfig: source },
  };
}

interface Answer {
  readonly status: number;
  readonly name: string;
  readonly serial: string;
}

function get(port: number, ca: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/', ca, servername: 'shop.example', agent: false };
    const request = httpsRequest(options, (response) => {
      const socket = response.socket as import('node:tls').TLSSocket; // an HTTPS response has no other
      const serial = socket.getPeerCertificate().serialNumber;
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, name: status === 200 ? JSON.parse(body).name : body, serial });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

async function makePair(ca: MadeCertificate): Promise<MadeCertificate> {
  return makeCertificate({ issuer: ca, names: ['shop.example'] });
}

describe('a real Envoy', () => {
  it.each<Way>(['delta ADS', 'SotW ADS', 'separate SotW streams', 'separate delta streams'])(
    '%s: is configured, follows endpoint, route, cluster and secret changes, and refuses nothing',
    async (way) => {
      const [one, two] = await Promise.all([startEcho({ name: 'one' }), startEcho({ name: 'two' })]);
      onTestFinished(async () => void (await Promise.all([one.stop(), two.stop()])));
      const ca = await makeCa();
      const source = sourceOf(way);
      const port = await freePort();
      const cache = new SnapshotCache();
      const set = (typeUrl: string, ...resources: ReturnType<typeof cluster>[]): void =>
        cache.setResources('edge', typeUrl, resources);

      set(TYPE_URL.cluster, cluster('first', source));
      set(TYPE_URL.endpoint, endpoints('first', [one.port]));
      set(TYPE_URL.secret, secret('pair', await makePair(ca)));
      set(TYPE_URL.route, route('web-routes', 'first'));
      set(TYPE_URL.listener, listener('web', { port, routeName: 'web-routes', source, secret: 'pair' }));

      const refused: unknown[] = [];
      const server = createXdsServer({
        cache,
        identify: (node) => ({ key: node.cluster }),
        observer: { event: (_, event) => void (event.kind === 'nack' && refused.push(event)) },
      });
      onTestFinished(() => server.close());
      const xds = await server.listen('127.0.0.1', 0);
      const envoy = await startEnvoy({ bootstrap: bootstrapOf(way, xds.port) });
      onTestFinished(() => envoy.stop());
      await envoy.ready();

      const ask = (): Promise<Answer> => get(port, ca.certificate);
      const reached = (name: string): Promise<Answer> =>
        until(`an answer of ${name}`, async () => {
          const answer = await ask();
          return answer.name === name ? answer : undefined;
        });
      const { serial } = await reached('one');

      set(TYPE_URL.endpoint, endpoints('first', [two.port]));
      await reached('two');

      set(TYPE_URL.endpoint, endpoints('first', [two.port]), endpoints('second', [one.port]));
      set(TYPE_URL.cluster, cluster('first', source), cluster('second', source));
      set(TYPE_URL.route, route('web-routes', 'second'));
      await reached('one');

      // O6: a cluster that changes alone warms only if its endpoints come again.
      set(TYPE_URL.cluster, cluster('first', source), cluster('second', source, { connectTimeout: '2s' }));
      const warmed = 'cluster_manager.cluster_modified';
      await until('the changed cluster to be warm', async () => ((await envoy.admin.stat(warmed)) ?? 0) >= 1);
      await until(
        'no cluster to be warming',
        async () => (await envoy.admin.stat('cluster_manager.warming_clusters')) === 0,
      );
      expect((await ask()).name).toBe('one');

      set(TYPE_URL.secret, secret('pair', await makePair(ca)));
      await until('the new certificate', async () => (await ask()).serial !== serial);

      expect(refused).toEqual([]);
      expect(await envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
      await until('everything to be ACKed', () =>
        server.streams().every(({ types }) => types.every(({ status }) => status === 'SYNCED')),
      );
      if (way.endsWith('ADS')) expect(server.streams().length).toBe(1);
      else expect(server.streams().length).toBeGreaterThanOrEqual(5);
      const { node } = server.streams()[0]?.stream ?? {};
      expect(node).toMatchObject({ id: 'envoy-1', cluster: 'edge', userAgentName: 'envoy' });
      expect(node?.userAgentVersion).toMatch(/^1\.\d+\.\d+$/);
    },
    60_000,
  );
});
