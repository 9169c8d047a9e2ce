import { describe, expect, it } from 'vitest';
import { XDS_METHODS } from '../../../src/xds/server/methods.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { DELTA, NODE, SOTW, startServer } from './fixture.ts';

const SHORT = new Map(Object.entries(TYPE_URL).map(([short, typeUrl]) => [typeUrl, short]));
const WILDCARD: readonly string[] = [TYPE_URL.cluster, TYPE_URL.listener];
const PER_TYPE = [...XDS_METHODS].filter(([, { variant, typeUrl }]) => variant !== 'fetch' && typeUrl !== '');

function firstRequest(typeUrl: string, variant: string): object {
  const name = `${SHORT.get(typeUrl)}-1`;
  return variant === 'delta'
    ? { node: NODE, resourceNamesSubscribe: [name] }
    : { node: NODE, resourceNames: [name] };
}

describe('each service', () => {
  it.each(PER_TYPE)(
    '%s answers a first named request once, its type implied (A3, TestResponseHandlers)',
    async (path, { typeUrl, variant }) => {
      const { client } = await startServer();
      const stream = client().stream(path);
      stream.send(firstRequest(typeUrl, variant));
      const response = await stream.next();
      expect(response).toMatchObject({
        typeUrl,
        names: [`${SHORT.get(typeUrl)}-1`],
        controlPlane: 'test-replica',
      });
      expect(response.nonce).not.toBe('');
      expect(response.resources.every((resource) => resource.typeUrl === typeUrl)).toBe(true);
      stream.halfClose();
      expect((await stream.status).code).toBe(0);
      expect(stream.waiting).toBe(0);
    },
  );

  it.each(PER_TYPE.filter(([, { typeUrl }]) => WILDCARD.includes(typeUrl)))(
    '%s takes no names as the wildcard (W1, TestDeltaResponseHandlersWildcard)',
    async (path, { typeUrl }) => {
      const { cache, client } = await startServer();
      const stream = client().stream(path);
      stream.send({ node: NODE });
      expect((await stream.next()).names).toEqual([...cache.getResources('edge', typeUrl).names()]);
    },
  );

  it.each(PER_TYPE)(
    '%s ends with OK when the server shuts down (TestServerShutdown)',
    async (path, { typeUrl, variant }) => {
      const { client, server } = await startServer();
      const stream = client().stream(path);
      stream.send(firstRequest(typeUrl, variant));
      await stream.next();
      await server.close(2000);
      expect((await stream.status).code).toBe(0);
    },
  );

  it.each(PER_TYPE)('%s refuses a request for another type (A3)', async (path) => {
    const { client } = await startServer();
    const stream = client().stream(path);
    stream.send({ node: NODE, typeUrl: 'type.googleapis.com/other' });
    expect((await stream.status).code).toBe(3);
  });
});

describe('the aggregated service', () => {
  it.each([
    ['SotW', SOTW, 'resourceNames'],
    ['delta', DELTA, 'resourceNamesSubscribe'],
  ])(
    '%s: serves every type on one stream, the node on the first request only (A1, A4, TestAggregatedHandlers)',
    async (_, path, field) => {
      const { client } = await startServer();
      const stream = client().stream(path);
      const types = Object.entries(TYPE_URL);
      for (const [at, [short, typeUrl]] of types.entries()) {
        stream.send({ ...(at === 0 ? { node: NODE } : {}), typeUrl, [field]: [`${short}-1`] });
      }
      const responses = await Promise.all(types.map(() => stream.next()));
      expect(responses.map(({ typeUrl }) => typeUrl).sort()).toEqual(
        types.map(([, typeUrl]) => typeUrl).sort(),
      );
      expect(new Set(responses.map(({ nonce }) => nonce)).size).toBe(types.length);
      stream.halfClose();
      await stream.status;
      expect(stream.waiting).toBe(0);
    },
  );

  it.each([SOTW, DELTA])(
    '%s without type_url ends the stream (A3, TestAggregateRequestType)',
    async (path) => {
      const { client } = await startServer();
      const stream = client().stream(path);
      stream.send({ node: NODE });
      const status = await stream.status;
      expect(status.code).toBe(3);
      expect(status.details).toContain('type_url');
    },
  );

  it('keeps the stream on an unknown type; delta says removed (R2, TestOpaqueRequestsChannelMuxing)', async () => {
    const { client, cache } = await startServer();
    const unknown = 'type.googleapis.com/example.Unknown';
    const sotw = client().stream(SOTW);
    for (let at = 0; at < 10; at += 1) sotw.send({ node: NODE, typeUrl: unknown, resourceNames: [`x${at}`] });
    sotw.send({ typeUrl: TYPE_URL.route, resourceNames: ['route-1'] });
    let response = await sotw.next();
    while (response.typeUrl === unknown) response = await sotw.next();
    expect(response.names).toEqual(['route-1']);
    expect(cache.watchers('edge')).toBe(1);

    const delta = client().stream(DELTA);
    delta.send({ node: NODE, typeUrl: unknown, resourceNamesSubscribe: ['x'] });
    expect(await delta.next()).toMatchObject({ typeUrl: unknown, names: [], removed: ['x'] });
  });

  it('serves an unknown type URL like any other once it has resources (TestOpaqueRequestsChannelMuxing)', async () => {
    const { client, cache } = await startServer();
    const typeUrl = 'type.googleapis.com/example.Unknown';
    const bytes = Buffer.from([0x0a, 1, 120]);
    cache.setResources('edge', typeUrl, [{ name: 'x', bytes }]);
    for (const [path, field] of [
      [SOTW, 'resourceNames'],
      [DELTA, 'resourceNamesSubscribe'],
    ] as const) {
      const stream = client().stream(path);
      stream.send({ node: NODE, typeUrl, [field]: ['x'] });
      expect((await stream.next()).names).toEqual(['x']);
    }
  });
});
