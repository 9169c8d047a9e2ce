import { expect, it } from 'vitest';
import type { XdsServerOptions } from '../../../src/xds/server/options.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { DELTA, fill, NODE, raw, SOTW, startServer } from './fixture.ts';

const SDS = TYPE_URL.secret;

function watching() {
  const asked: (readonly string[])[] = [];
  const observer: XdsServerOptions['observer'] = {
    subscribedTypes: new Set([SDS]),
    subscribed: (_, typeUrl, names) => asked.push([typeUrl === SDS ? 'secret' : typeUrl, ...names]),
  };
  return { asked, observer };
}

it('on SotW a name is asked for once, however often the list is repeated', async () => {
  const { asked, observer } = watching();
  const { client } = await startServer({ observer });
  const stream = client().stream(SOTW);
  stream.send({ node: NODE, typeUrl: TYPE_URL.cluster, resourceNames: ['*'] });
  await stream.next();
  stream.send({ typeUrl: SDS, resourceNames: ['secret-1', 'b'] });
  const { nonce } = await stream.next();
  stream.send({ typeUrl: SDS, resourceNames: ['secret-1', 'b'], responseNonce: nonce, versionInfo: 'v' });
  stream.send({ typeUrl: SDS, resourceNames: ['b', 'c', 'secret-1', '*'], responseNonce: nonce });
  await until('the third name', () => asked.length === 2);
  expect(asked).toEqual([
    ['secret', 'secret-1', 'b'],
    ['secret', 'c'],
  ]);
});

it('on delta each subscription is an ask, and what a client says it has is one too', async () => {
  const { asked, observer } = watching();
  const { client } = await startServer({ observer });
  const stream = client().stream(DELTA);
  const versions = { mine: '1', b: '1' };
  stream.send({
    node: NODE,
    typeUrl: SDS,
    resourceNamesSubscribe: ['*', 'b'],
    initialResourceVersions: versions,
  });
  await stream.next();
  stream.send({ typeUrl: SDS, resourceNamesSubscribe: ['b'], initialResourceVersions: { late: '1' } });
  await until('the second ask', () => asked.length === 2);
  expect(asked).toEqual([
    ['secret', 'b', 'mine'],
    ['secret', 'b'],
  ]);
});

it('a wildcard names nothing', async () => {
  const { asked, observer } = watching();
  const { client } = await startServer({ observer });
  for (const path of [SOTW, DELTA]) {
    const stream = client().stream(path);
    stream.send({ node: NODE, typeUrl: SDS, resourceNames: ['*'], resourceNamesSubscribe: ['*'] });
    await stream.next();
  }
  expect(asked).toEqual([]);
});

it.each([SOTW, DELTA])('%s: a stream that moved is sent nothing more of the key before', async (path) => {
  const { client, cache, server } = await startServer();
  cache.setResources('edge', SDS, [raw('old', 'of-edge')]);
  const stream = client().stream(path);
  stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
  await stream.next();
  const [status] = server.streams();
  cache.setResources('edge', SDS, [raw('old', 'of-edge-2')]); // on its way: not yet served to the stream
  server.move(status?.stream.id ?? 0, 'core');
  const names = ['old', 'secret-1'];
  stream.send({ typeUrl: SDS, resourceNames: names, resourceNamesSubscribe: names });
  await until('the request', () => server.streams()[0]?.types.some(({ typeUrl }) => typeUrl === SDS));
  cache.setResources('edge', SDS, [raw('old', 'of-edge-3')]);
  fill(cache, 'core');
  let answer = await stream.next();
  if (answer.typeUrl !== SDS) answer = await stream.next();
  expect([answer.typeUrl, ...answer.names]).toEqual([SDS, 'secret-1']);
});
