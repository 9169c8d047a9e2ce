import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import { createXdsServer } from '../../../src/xds/server/server.ts';
import type { StreamEvent } from '../../../src/xds/stream/stream.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { ADS_SOURCE, apiListener, cluster, endpoints, route } from './envoy-resources.ts';

const pass = (bytes: Buffer): Buffer => bytes;
const WHO = {
  who: {
    path: '/test.Echo/Who',
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  },
};

async function backEnd(name: string): Promise<number> {
  const server = new Server();
  server.addService(WHO, {
    who: (_: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.from(name)),
  });
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

function startClient(xdsPort: number) {
  const bootstrap = {
    xds_servers: [
      {
        server_uri: `127.0.0.1:${xdsPort}`,
        channel_creds: [{ type: 'insecure' }],
        server_features: ['xds_v3'],
      },
    ],
    node: { id: 'grpc-1', cluster: 'edge', locality: { region: 'here', zone: 'a' } },
  };
  const file = fileURLToPath(new URL('./grpc-xds-client.ts', import.meta.url));
  const child = fork(file, ['xds:///hello.test'], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
    execArgv: [],
  });
  onTestFinished(() => void child.kill());
  let last = 0;
  return (): Promise<string> => {
    last += 1;
    const id = last;
    return new Promise((resolve) => {
      const heard = (report: { id: number; answer: string }): void => {
        if (report.id !== id) return;
        child.off('message', heard);
        resolve(report.answer);
      };
      child.on('message', heard);
      child.send(id);
    });
  };
}

function start(cache: SnapshotCache, events: StreamEvent[]) {
  const server = createXdsServer({
    cache,
    identify: (node) => ({ key: node.cluster }),
    observer: { event: (_, event) => void events.push(event) },
  });
  onTestFinished(() => server.close());
  return server;
}

describe('@grpc/grpc-js-xds as a third-party client', () => {
  it('finds two back ends, NACKs what it cannot read, goes on with the last good, and reconnects', async () => {
    const [one, two] = await Promise.all([backEnd('one'), backEnd('two')]);
    const cache = new SnapshotCache();
    const serve = (typeUrl: string, resources: Parameters<SnapshotCache['setResources']>[2]): void =>
      cache.setResources('edge', typeUrl, resources);
    serve(TYPE_URL.cluster, [cluster('hello', ADS_SOURCE)]);
    serve(TYPE_URL.endpoint, [endpoints('hello', [one, two])]);
    serve(TYPE_URL.listener, [apiListener('hello.test', 'hello-routes')]);
    serve(TYPE_URL.route, [route('hello-routes', 'hello')]);

    const events: StreamEvent[] = [];
    const server = start(cache, events);
    const { port } = await server.listen('127.0.0.1', 0);
    const who = startClient(port);

    const seen = new Set<string>();
    await until('both back ends', async () => seen.add(await who()).size === 2, { timeoutMs: 20_000 });
    expect([...seen].sort()).toEqual(['one', 'two']);

    serve(TYPE_URL.cluster, [cluster('hello', ADS_SOURCE, { lbPolicy: 'MAGLEV' })]);
    const nack = await until('the NACK', () => events.find((event) => event.kind === 'nack'));
    expect(nack).toMatchObject({ typeUrl: TYPE_URL.cluster, names: ['hello'] });
    const before = events.length;
    expect(['one', 'two']).toContain(await who());
    expect(events.slice(before).filter((event) => event.kind === 'nack')).toEqual([]);

    serve(TYPE_URL.cluster, [cluster('hello', ADS_SOURCE)]);
    await server.close();
    serve(TYPE_URL.endpoint, [endpoints('hello', [two])]);
    const next = start(cache, events);
    await next.listen('127.0.0.1', port);
    await until(
      'only the second back end',
      async () => {
        const answers = [await who(), await who(), await who(), await who()];
        return answers.every((answer) => answer === 'two');
      },
      { timeoutMs: 20_000 },
    );
  }, 60_000);
});
