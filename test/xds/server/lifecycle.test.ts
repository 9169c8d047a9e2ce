import { describe, expect, it } from 'vitest';
import type { StreamObserver } from '../../../src/xds/server/options.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { DELTA, fill, NODE, raw, SOTW, startServer } from './fixture.ts';

const CDS = TYPE_URL.cluster;

describe('the first message', () => {
  it.each([
    ['no node', { typeUrl: CDS }],
    ['an empty node.id', { typeUrl: CDS, node: { cluster: 'edge' } }],
    ['a node.id of 10 kB', { typeUrl: CDS, node: { id: 'x'.repeat(10_000) } }],
    ['a line break in node.id', { typeUrl: CDS, node: { id: 'a\nb' } }],
    ['a control character in node.id', { typeUrl: CDS, node: { id: 'a\u0000b' } }],
  ])('A2 with %s is refused in words', async (_, request) => {
    const { client, server } = await startServer();
    for (const path of [SOTW, DELTA]) {
      const stream = client().stream(path);
      stream.send(request);
      const status = await stream.status;
      expect(status.code).toBe(3);
      expect(status.details).toContain('node.id');
    }
    expect(server.streams()).toEqual([]);
  });

  it('that does not come ends the stream', async () => {
    const { client } = await startServer({ timing: { firstMessageMs: 30 } });
    expect((await client().stream(DELTA).status).code).toBe(3);
  });

  it('binds the stream to its node: a later other id ends it, the same one does not', async () => {
    const { client } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    await stream.next();
    stream.send({ node: NODE, typeUrl: TYPE_URL.listener });
    await stream.next();
    stream.send({ node: { id: 'n2' }, typeUrl: CDS });
    expect((await stream.status).details).toContain('node.id changed');
  });

  it('of several streams may name the same node (hot restart)', async () => {
    const { client, server } = await startServer();
    for (const stream of [client().stream(DELTA), client().stream(SOTW)]) {
      stream.send({ node: NODE, typeUrl: CDS });
      await stream.next();
    }
    expect(server.streams().map(({ stream }) => [stream.node.id, stream.variant])).toEqual([
      ['n1', 'delta'],
      ['n1', 'sotw'],
    ]);
  });

  it('of a node that identify refuses ends with its words', async () => {
    const refusal = { code: 'PERMISSION_DENIED', message: 'n1 is in no group: label it 100 %' } as const;
    const { client } = await startServer({ identify: () => refusal });
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    expect(await stream.status).toMatchObject({ code: 7, details: refusal.message });
  });
});

describe('A10 before the first snapshot', () => {
  it.each([SOTW, DELTA])('%s: the stream is held and served when it comes', async (path) => {
    const { client, cache, server } = await startServer({ empty: true });
    const stream = client().stream(path);
    stream.send({ node: NODE, typeUrl: CDS });
    await until('the held stream', () => server.streams().length === 1);
    expect(stream.waiting).toBe(0);
    cache.setResources('edge', CDS, [raw('c')]);
    expect((await stream.next()).names).toEqual(['c']);
  });

  it.each([SOTW, DELTA])(
    '%s: after a while it ends with UNAVAILABLE and never an empty answer',
    async (path) => {
      const { client, cache } = await startServer({ empty: true, timing: { firstSnapshotMs: 40 } });
      const stream = client().stream(path);
      stream.send({ node: NODE, typeUrl: CDS });
      expect(await stream.status).toMatchObject({ code: 14, details: expect.stringContaining('"edge"') });
      expect(stream.waiting).toBe(0);
      await until('the watch to go', () => cache.watchers('edge') === 0);
    },
  );
});

describe('the end of a stream', () => {
  it('A9 half-close: OK, and every watch is gone (TestCancellations)', async () => {
    const { client, cache, server } = await startServer();
    const stream = client().stream(SOTW);
    for (const typeUrl of Object.values(TYPE_URL)) stream.send({ node: NODE, typeUrl, resourceNames: ['x'] });
    await stream.next();
    expect(cache.watchers('edge')).toBe(1);
    stream.halfClose();
    expect((await stream.status).code).toBe(0);
    await until('the watch to go', () => cache.watchers('edge') === 0);
    expect(server.streams()).toEqual([]);
  });

  it('A9 cancel: every watch is gone (TestDeltaCancellations)', async () => {
    const { client, cache } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    await stream.next();
    stream.cancel();
    await until('the watch to go', () => cache.watchers('edge') === 0);
  });

  it('A9 ten thousand streams opened and closed leave nothing', { timeout: 60_000 }, async () => {
    const { client, cache, server } = await startServer();
    const clients = Array.from({ length: 10 }, () => client());
    for (let round = 0; round < 20; round += 1) {
      const streams = clients.flatMap((one) => Array.from({ length: 50 }, () => one.stream(DELTA)));
      for (const stream of streams) stream.send({ node: NODE, typeUrl: CDS });
      await Promise.all(streams.map((stream) => stream.next()));
      for (const [at, stream] of streams.entries()) (at % 2 === 0 ? stream.halfClose : stream.cancel)();
      await Promise.all(streams.map((stream) => stream.status));
    }
    await until('nothing to be left', () => cache.watchers('edge') === 0 && server.streams().length === 0);
  });

  it('comes with OK at the agreed age, give or take the jitter', async () => {
    const { client } = await startServer({ timing: { maxStreamAgeMs: 100 }, random: () => 1 });
    const started = performance.now();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    expect((await stream.status).code).toBe(0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
  });

  it('grpc-timeout is kept: DEADLINE_EXCEEDED', async () => {
    const { client } = await startServer();
    const { Metadata } = await import('@grpc/grpc-js');
    const metadata = new Metadata();
    metadata.set('grpc-timeout', '50m');
    const stream = client().stream(DELTA, metadata);
    stream.send({ node: NODE, typeUrl: CDS });
    expect((await stream.status).code).toBe(4);
  });

  it('a server that closes waits for its clients, and refuses new ones', async () => {
    const { client, server } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    await stream.next();
    await server.close(2000);
    expect((await stream.status).code).toBe(0);
    expect((await client().stream(DELTA).status).code).toBe(14);
  });
});

describe('hooks', () => {
  it('are told of opening, ACK, NACK and closing, in order', async () => {
    const heard: string[] = [];
    const observer: StreamObserver = {
      opened: (stream) => heard.push(`opened ${stream.node.id} ${stream.key}`),
      event: (stream, event) => heard.push(`${event.kind} ${stream.id} ${event.typeUrl === CDS}`),
      closed: (stream) => heard.push(`closed ${stream.id}`),
    };
    const { client, cache } = await startServer({ observer });
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    stream.send({ typeUrl: CDS, responseNonce: (await stream.next()).nonce });
    await until('the ACK', () => heard.length === 2);
    fill(cache, 'edge', 'b');
    const second = await stream.next();
    stream.send({ typeUrl: CDS, responseNonce: second.nonce, errorDetail: { message: 'no' } });
    await until('the NACK', () => heard.length === 3);
    stream.halfClose();
    await until('the end', () => heard.length === 4);
    expect(heard).toEqual(['opened n1 edge', 'ack 1 true', 'nack 1 true', 'closed 1']);
  });

  it.each([
    ['identify', { identify: () => explode() }],
    ['observer.opened', { observer: { opened: () => explode() } }],
    ['serveType', { serveType: () => explode() }],
  ])(
    'a throw in %s ends that stream without its text, and no other (TestCallbackError)',
    async (_, hooks) => {
      const errors: unknown[] = [];
      let broken = false;
      const armed = Object.fromEntries(
        Object.entries(hooks).map(([name, hook]) => [
          name,
          typeof hook === 'function' ? () => (broken ? hook() : HEALTHY[name]) : hook,
        ]),
      );
      const { client } = await startServer({ ...armed, onError: (error) => errors.push(error) });
      broken = true;
      const stream = client().stream(DELTA);
      stream.send({ node: NODE, typeUrl: CDS });
      const status = await stream.status;
      expect(status.code).toBe(14);
      expect(status.details).not.toContain('boom');
      expect(errors).toEqual([expect.objectContaining({ message: 'boom' })]);
      broken = false;
      if (_ === 'observer.opened') return;
      const healthy = client().stream(DELTA);
      healthy.send({ node: NODE, typeUrl: CDS });
      await healthy.next();
    },
  );

  it('a throw while requests are queued ends the stream without a deadlock (TestDeltaMultipleStreams)', async () => {
    const { client, cache } = await startServer({ observer: { event: () => explode() }, onError: () => {} });
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    const { nonce } = await stream.next();
    for (let at = 0; at < 20; at += 1) stream.send({ typeUrl: CDS, responseNonce: nonce });
    expect((await stream.status).code).toBe(14);
    await until('the watch to go', () => cache.watchers('edge') === 0);
  });
});

const HEALTHY: Readonly<Record<string, unknown>> = { identify: { key: 'edge' }, serveType: true };

function explode(): never {
  throw new Error('boom');
}
