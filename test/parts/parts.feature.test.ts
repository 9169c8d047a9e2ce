import { afterEach, expect, test } from 'vitest';
import { type Envoy, startEnvoy, validateWithEnvoy } from './envoy.ts';
import { openGrpcEcho, startGrpcEcho } from './grpc.ts';
import { type Echo, startEcho } from './http.ts';
import { freePort } from './ports.ts';
import { requestOnce, steadyRequests } from './requests.ts';
import { until } from './until.ts';
import { openWebSocket, startWebSocketEcho } from './websocket.ts';

const opened: { stop(): Promise<void> }[] = [];
const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
  opened.push(part);
  return part;
};
afterEach(async () => {
  for (const part of opened.splice(0).reverse()) await part.stop();
});

function cluster(name: string, port: number, http2: boolean): object {
  const options = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name,
    ...(http2 ? { typed_extension_protocol_options: options } : {}),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

/** A static bootstrap with one listener: gRPC to `grpc`, /socket to `socket`, the rest to `web`. */
function bootstrap(listen: number, ports: { web: number; socket: number; grpc: number }): object {
  const hcm = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'test',
    codec_type: 'AUTO',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            { match: { prefix: '/', grpc: {} }, route: { cluster: 'grpc', timeout: '0s' } },
            { match: { prefix: '/socket' }, route: { cluster: 'socket' } },
            { match: { prefix: '/' }, route: { cluster: 'web' } },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const filter = { name: 'envoy.filters.network.http_connection_manager', typed_config: hcm };
  const address = { socket_address: { address: '127.0.0.1', port_value: listen } };
  return {
    static_resources: {
      listeners: [{ name: 'in', address, filter_chains: [{ filters: [filter] }] }],
      clusters: [
        cluster('web', ports.web, false),
        cluster('socket', ports.socket, false),
        cluster('grpc', ports.grpc, true),
      ],
    },
  };
}

async function startAll(): Promise<{ envoy: Envoy; port: number }> {
  const web = keep(await startEcho({ name: 'web' }));
  const socket = keep(await startWebSocketEcho());
  const grpc = keep(await startGrpcEcho());
  const port = await freePort();
  const ports = { web: web.port, socket: socket.port, grpc: grpc.port };
  const envoy = keep(await startEnvoy({ bootstrap: bootstrap(port, ports) }));
  await envoy.ready();
  return { envoy, port };
}

test('requests, a WebSocket and a gRPC stream go through a real Envoy', async () => {
  const { envoy, port } = await startAll();
  const load = steadyRequests({ url: `http://127.0.0.1:${port}/a?b=c`, ratePerSecond: 200 });
  const socket = await openWebSocket(`ws://127.0.0.1:${port}/socket`);
  const stream = openGrpcEcho({ port });
  expect(await socket.echo('over the socket')).toBe('over the socket');
  expect(await stream.echo('over gRPC')).toBe('over gRPC');
  const answer = await requestOnce({ url: `http://127.0.0.1:${port}/x`, headers: { 'x-one': '1' } });
  const echo: Echo = JSON.parse(answer.body);
  expect(echo).toMatchObject({ name: 'web', method: 'GET', path: '/x', headers: { 'x-one': '1' } });
  await until('twenty good requests', () => load.counts().ok >= 20);
  const result = await load.stop();
  expect(result).toMatchObject({ failed: 0 });
  expect([socket.broken(), stream.broken()]).toEqual([undefined, undefined]);
  expect(await envoy.admin.stat('listener_manager.listener_added')).toBe(1);
  await socket.close();
  await stream.close();
});

test('a broken stream and a failed request are seen', async () => {
  const { envoy, port } = await startAll();
  const socket = await openWebSocket(`ws://127.0.0.1:${port}/socket`);
  const stream = openGrpcEcho({ port });
  await stream.echo('up');
  const load = steadyRequests({ url: `http://127.0.0.1:${port}/`, ratePerSecond: 100 });
  await envoy.stop();
  await until('both ends to notice', () => socket.broken() !== undefined && stream.broken() !== undefined);
  await until('a failure', () => load.counts().failed > 0);
  await expect(stream.echo('gone')).rejects.toThrow('gRPC stream');
  expect((await load.stop()).errors.size).toBeGreaterThan(0);
});

test('the pid is that of Envoy, and stop ends it', async () => {
  const envoy = await startEnvoy({ bootstrap: {} });
  expect(JSON.parse(await envoy.admin.get('/server_info'))).toMatchObject({
    command_line_options: { concurrency: 1 },
  });
  process.kill(envoy.pid, 0);
  await envoy.stop();
  expect(() => process.kill(envoy.pid, 0)).toThrow('ESRCH');
});

test('an Envoy that refuses its bootstrap fails with the tail of its log', async () => {
  await expect(startEnvoy({ bootstrap: { nonsense: true } })).rejects.toThrow(/Envoy ended[\s\S]*nonsense/);
});

test('validation says what Envoy says', async () => {
  await validateWithEnvoy({ static_resources: { clusters: [cluster('a', 1, false)] } });
  await expect(validateWithEnvoy({ static_resources: { clusters: [{ name: '' }] } })).rejects.toThrow(
    'ClusterValidationError',
  );
});
