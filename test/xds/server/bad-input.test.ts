import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import { createXdsServer } from '../../../src/xds/server/server.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import type { RawStream } from '../raw-client.ts';
import { DELTA, NODE, raw, SOTW, startServer } from './fixture.ts';

const CDS = TYPE_URL.cluster;

async function healthyStream(fixture: Awaited<ReturnType<typeof startServer>>): Promise<RawStream> {
  const stream = fixture.client().stream(DELTA);
  stream.send({ node: NODE, typeUrl: CDS });
  stream.send({ typeUrl: CDS, responseNonce: (await stream.next()).nonce });
  await until('the ACK', () => fixture.server.streams()[0]?.types[0]?.status === 'SYNCED');
  return stream;
}

/** The stream that was there before still gets the next change. */
async function expectUnharmed(
  fixture: Awaited<ReturnType<typeof startServer>>,
  stream: RawStream,
): Promise<void> {
  fixture.cache.setResources('edge', CDS, [raw('cluster-1', 'after')]);
  expect((await stream.next()).names).toEqual(['cluster-1']);
}

function rawConnection(port: number) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  return { socket, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
}

describe('bytes that are no xDS', () => {
  it.each([
    ['garbage', Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256))],
    ['HTTP/1', Buffer.from('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')],
    ['a TLS hello', Buffer.from('160301002f0100002b0303', 'hex')],
  ])('%s on the port ends that connection and no other', async (_, bytes) => {
    const fixture = await startServer({ timing: { idleConnectionMs: 100 } });
    const stream = await healthyStream(fixture);
    const { socket, closed } = rawConnection(fixture.port);
    socket.write(bytes);
    await closed;
    await expectUnharmed(fixture, stream);
  });

  it('a connection that says nothing is closed', async () => {
    const fixture = await startServer({ timing: { idleConnectionMs: 50 } });
    await rawConnection(fixture.port).closed;
  });

  it('HTTP/2 that is no gRPC gets 405 or 415', async () => {
    const { port } = await startServer();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const statusOf = (headers: Record<string, string>): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const request = session.request(headers);
        request.on('response', (answer) => resolve(answer[':status']));
        request.on('error', reject);
        request.resume();
      });
    expect(await statusOf({ ':path': SOTW, ':method': 'GET' })).toBe(405);
    expect(await statusOf({ ':path': SOTW, ':method': 'POST', 'content-type': 'application/json' })).toBe(
      415,
    );
  });

  it.each([SOTW, DELTA])(
    '%s: a message that is no protobuf ends the stream with INVALID_ARGUMENT',
    async (path) => {
      const fixture = await startServer();
      const stream = await healthyStream(fixture);
      for (const bytes of [Buffer.from([0x0a, 0xff]), Buffer.alloc(200, 0xff), Buffer.from([0x07])]) {
        const bad = fixture.client().stream(path);
        bad.sendBytes(bytes);
        expect((await bad.status).code).toBe(3);
      }
      await expectUnharmed(fixture, stream);
    },
  );

  it('rapid resets end the connection that sends them and no other', async () => {
    const fixture = await startServer();
    const stream = await healthyStream(fixture);
    const session = connectHttp2(`http://127.0.0.1:${fixture.port}`);
    onTestFinished(() => session.destroy());
    session.on('error', () => {});
    for (let at = 0; at < 3000 && !session.destroyed; at += 1) {
      const request = session.request({
        ':path': DELTA,
        ':method': 'POST',
        'content-type': 'application/grpc',
      });
      request.on('error', () => {});
      request.close(constants.NGHTTP2_CANCEL);
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('the connection to be ended', () => session.destroyed || session.closed);
    await expectUnharmed(fixture, stream);
    await until('nothing to be left of them', () => fixture.server.streams().length === 1);
  });
});

describe('gRPC that this server does not serve', () => {
  it.each([
    ['an unknown service', '/x.Y/Z'],
    ['Fetch', '/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters'],
    ['VHDS as SotW', '/envoy.service.route.v3.VirtualHostDiscoveryService/StreamVirtualHosts'],
    ['an odd path', `/${DELTA}`],
    ['another case', DELTA.toLowerCase()],
    ['CSDS without leave', '/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus'],
  ])('%s is UNIMPLEMENTED in words', async (_, path) => {
    const { client } = await startServer();
    const status = await client().stream(path).status;
    expect(status.code).toBe(12);
    expect(status.details).toContain(path);
  });

  it('compression is UNIMPLEMENTED', async () => {
    const { client } = await startServer();
    const status = await client(undefined, { 'grpc.default_compression_algorithm': 2 }).stream(DELTA).status;
    expect(status).toMatchObject({ code: 12, details: expect.stringContaining('identity') });
  });

  it('a request over 1 MiB is RESOURCE_EXHAUSTED', async () => {
    const { client } = await startServer();
    const stream = client().stream(DELTA);
    stream.sendBytes(Buffer.alloc(1024 * 1024 + 1));
    expect((await stream.status).code).toBe(8);
  });

  it('too many names are RESOURCE_EXHAUSTED', async () => {
    const { client } = await startServer({ limits: { namesPerRequest: 10 } });
    const stream = client().stream(SOTW);
    stream.send({ node: NODE, typeUrl: CDS, resourceNames: Array.from({ length: 11 }, (_, at) => `c${at}`) });
    expect((await stream.status).code).toBe(8);
  });

  it('A11 too many new streams at once are RESOURCE_EXHAUSTED', async () => {
    const { client } = await startServer({ limits: { newStreamBurst: 2, newStreamsPerSecond: 0 } });
    const one = client();
    const streams = [one.stream(DELTA), one.stream(DELTA), one.stream(DELTA)];
    for (const stream of streams) stream.send({ node: NODE, typeUrl: CDS });
    expect((await Promise.race(streams.map(({ status }) => status))).code).toBe(8);
  });
});

describe('A11 a client that never reads', () => {
  it('costs bounded memory and is broken off, and no other is', async () => {
    const fixture = await startServer({ timing: { stuckMs: 200 } });
    const stream = await healthyStream(fixture);
    const session = connectHttp2(`http://127.0.0.1:${fixture.port}`, { settings: { initialWindowSize: 0 } });
    onTestFinished(() => session.destroy());
    session.on('error', () => {});
    const request = session.request({
      ':path': DELTA,
      ':method': 'POST',
      'content-type': 'application/grpc',
    });
    const ended = new Promise<number>((resolve) => request.on('close', () => resolve(request.rstCode)));
    request.on('error', () => {});
    const { loadRegistry } = await import('../../../src/xds/proto/registry.ts');
    const { frameMessage } = await import('../../../src/xds/server/grpc-frame.ts');
    const { id, cluster } = NODE;
    const type = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
    request.write(
      frameMessage(loadRegistry().encode(type, { node: { id: `${id}-slow`, cluster }, typeUrl: CDS })),
    );
    await until('the slow stream', () => fixture.server.streams().length === 2);
    for (let at = 0; at < 100; at += 1) {
      const big = { name: 'cluster-1', bytes: Buffer.alloc(100_000, at) };
      fixture.cache.setResources('edge', CDS, [big]);
      if (at === 0) stream.send({ typeUrl: CDS, responseNonce: (await stream.next()).nonce });
    }
    expect(await ended).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await until('only the healthy one to be left', () => fixture.server.streams().length === 1);
  });
});

describe('a port in use', () => {
  it('is an error with the code EADDRINUSE and words', async () => {
    const { port } = await startServer();
    const second = createXdsServer({ cache: new SnapshotCache(), identify: () => ({ key: 'x' }) });
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(`127.0.0.1:${port} is in use`),
    });
    await second.close();
  });
});
