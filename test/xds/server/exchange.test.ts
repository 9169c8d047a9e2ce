import { describe, expect, it } from 'vitest';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { DELTA, fill, NODE, raw, SOTW, startServer } from './fixture.ts';

const EDS = TYPE_URL.endpoint;

describe('what goes back and forth on a stream', () => {
  it('B5 ignores a request with a stale nonce; the next right one is the ACK (TestStaleNonce)', async () => {
    const { client, cache, server } = await startServer();
    const stream = client().stream(SOTW);
    stream.send({ node: NODE, typeUrl: EDS, resourceNames: ['endpoint-1'] });
    const first = await stream.next();
    stream.send({ typeUrl: EDS, resourceNames: ['endpoint-1', 'other'], responseNonce: 'stale' });
    stream.send({
      typeUrl: EDS,
      resourceNames: ['endpoint-1'],
      responseNonce: first.nonce,
      versionInfo: first.versionInfo,
    });
    await until('the ACK', () => server.streams()[0]?.types[0]?.status === 'SYNCED');
    expect(stream.waiting).toBe(0);
    cache.setResources('edge', EDS, [raw('endpoint-1', 'b'), raw('other')]);
    expect((await stream.next()).names).toEqual(['endpoint-1']);
  });

  it('B1 B2 a NACK is not answered with the same; the next change is sent', async () => {
    const { client, cache, server } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: EDS, resourceNamesSubscribe: ['endpoint-1'] });
    const { nonce } = await stream.next();
    stream.send({ typeUrl: EDS, responseNonce: nonce, errorDetail: { code: 3, message: 'no good' } });
    await until('the NACK', () => server.streams()[0]?.types[0]?.status === 'ERROR');
    expect(server.streams()[0]?.types[0]?.error?.message).toBe('no good');
    expect(stream.waiting).toBe(0);
    cache.setResources('edge', EDS, [raw('endpoint-1', 'b')]);
    expect((await stream.next()).names).toEqual(['endpoint-1']);
  });

  it('R3 any code in error_detail is a NACK', async () => {
    for (const code of [0, 3, 14, 99]) {
      const { client, server } = await startServer();
      const stream = client().stream(SOTW);
      stream.send({ node: NODE, typeUrl: EDS, resourceNames: ['endpoint-1'] });
      const { nonce } = await stream.next();
      stream.send({
        typeUrl: EDS,
        resourceNames: ['endpoint-1'],
        responseNonce: nonce,
        errorDetail: { code, message: `code ${code}` },
      });
      await until(`the NACK with code ${code}`, () => server.streams()[0]?.types[0]?.status === 'ERROR');
    }
  });

  it('A8 an update storm brings the latest only: one unanswered response per type', async () => {
    const { client, cache } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: EDS, resourceNamesSubscribe: ['endpoint-1'] });
    const first = await stream.next();
    for (let at = 0; at < 50; at += 1) cache.setResources('edge', EDS, [raw('endpoint-1', `v${at}`)]);
    stream.send({ typeUrl: EDS, responseNonce: first.nonce });
    const second = await stream.next();
    expect(Buffer.from(second.resources[0]?.value ?? []).toString()).toContain('v49');
    stream.send({ typeUrl: EDS, responseNonce: second.nonce });
    stream.send({ typeUrl: TYPE_URL.runtime, resourceNamesSubscribe: ['runtime-1'] });
    expect((await stream.next()).typeUrl).toBe(TYPE_URL.runtime);
  });

  const delta = (name: string): object => ({ resourceNamesSubscribe: [name] });
  const sotw = (name: string): object => ({ resourceNames: [name] });
  it.each([
    [DELTA, delta, { resourceNamesUnsubscribe: ['endpoint-1'] }],
    [SOTW, sotw, sotw('another')],
  ])('O4 %s: what waits for its turn is not sent once it is given up', async (path, ask, giveUp) => {
    const { client, cache } = await startServer();
    const stream = client().stream(path);
    stream.send({ node: NODE, typeUrl: EDS, ...ask('endpoint-1') });
    const first = await stream.next();
    // Unanswered, so the change has to wait for the ACK; the ACK gives the name up.
    cache.setResources('edge', EDS, [raw('endpoint-1', 'dropped')]);
    stream.send({ typeUrl: EDS, responseNonce: first.nonce, ...giveUp });
    stream.send({ typeUrl: TYPE_URL.runtime, ...ask('runtime-1') });
    const rest = [await stream.next()];
    while (rest.at(-1)?.typeUrl !== TYPE_URL.runtime) rest.push(await stream.next());
    expect(rest.flatMap(({ names }) => names)).not.toContain('endpoint-1');
    expect(stream.waiting).toBe(0);
  });

  it('A4 one push has one nonce and the same bytes for all streams that get it', async () => {
    const { client, cache, server } = await startServer();
    const streams = [client().stream(DELTA), client().stream(DELTA)];
    for (const stream of streams) {
      stream.send({ node: NODE, typeUrl: EDS, resourceNamesSubscribe: ['endpoint-1'] });
      stream.send({ typeUrl: EDS, responseNonce: (await stream.next()).nonce });
    }
    await until('both ACKs', () => server.streams().every(({ types }) => types[0]?.status === 'SYNCED'));
    cache.setResources('edge', EDS, [raw('endpoint-1', 'b')]);
    const [one, two] = await Promise.all(streams.map((stream) => stream.next()));
    expect(one).toEqual(two);
  });

  it('A live stream moved to another key is sent only the difference', async () => {
    const { client, cache, server } = await startServer();
    fill(cache, 'next');
    cache.setResources('next', TYPE_URL.cluster, [raw('cluster-1'), raw('cluster-2')]);
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    stream.send({ typeUrl: TYPE_URL.cluster, responseNonce: (await stream.next()).nonce });
    await until('the ACK', () => server.streams()[0]?.types[0]?.status === 'SYNCED');
    expect(server.move(server.streams()[0]?.stream.id ?? 0, 'next')).toBe(true);
    expect((await stream.next()).names).toEqual(['cluster-2']);
    expect(server.streams()[0]?.stream.key).toBe('next');
    expect([cache.watchers('edge'), cache.watchers('next')]).toEqual([0, 1]);
    expect(server.move(999, 'next')).toBe(false);
  });

  it('a stream moved to a key without a snapshot keeps what it has', async () => {
    const { client, cache, server } = await startServer();
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: EDS, resourceNamesSubscribe: ['endpoint-1'] });
    stream.send({ typeUrl: EDS, responseNonce: (await stream.next()).nonce });
    await until('the ACK', () => server.streams()[0]?.types[0]?.status === 'SYNCED');
    server.move(server.streams()[0]?.stream.id ?? 0, 'later');
    cache.setResources('later', EDS, [raw('endpoint-1', 'b')]);
    expect((await stream.next()).removed).toEqual([]);
  });

  it('S2 a type withheld from a peer is as if it were empty', async () => {
    const { client } = await startServer({ serveType: (typeUrl) => typeUrl !== TYPE_URL.secret });
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ['secret-1'] });
    expect(await stream.next()).toMatchObject({ names: [], removed: ['secret-1'] });
    stream.send({ typeUrl: EDS, resourceNamesSubscribe: ['endpoint-1'] });
    expect((await stream.next()).names).toEqual(['endpoint-1']);
  });
});
