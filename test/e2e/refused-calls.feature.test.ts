import { expect, test } from 'vitest';
import { CSDS_METHODS, XDS_METHODS } from '../../src/xds/server/methods.ts';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';
import { encodeRequest } from './grpc-stream.ts';
import { identityOf, startTwoGroups, type TwoGroups } from './two-groups.ts';

const PERMISSION_DENIED = '7';
const UNIMPLEMENTED = '12';
const DELTA = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

const STREAMS = [...XDS_METHODS].filter(([, { variant }]) => variant !== 'fetch').map(([path]) => path);
const FETCHES = [...XDS_METHODS].filter(([, { variant }]) => variant === 'fetch').map(([path]) => path);
const CSDS = [...CSDS_METHODS.keys()];
const EVERY = [...STREAMS, ...FETCHES, ...CSDS];

test('the matrix has every method of the table', () => {
  expect([STREAMS.length, FETCHES.length, CSDS.length]).toEqual([20, 8, 2]);
});

/** What a call gets that asks for everything it can, with every field claiming to be of `blue`. */
async function statusOf(
  groups: TwoGroups,
  path: string,
  certificate?: MadeCertificate,
  id = 'n1',
): Promise<string> {
  const stream = groups.connect(certificate).stream(path);
  const metadata = { fields: { group: { stringValue: 'blue' }, cluster: { stringValue: 'blue' } } };
  const node = { id, cluster: 'blue', metadata, locality: { region: 'blue', zone: 'blue', subZone: 'blue' } };
  const typeUrl = XDS_METHODS.get(path)?.typeUrl || TYPE_URL.secret;
  const names = path.includes('/Delta')
    ? { resourceNamesSubscribe: ['*', 'blue-tls'] }
    : { resourceNames: ['blue-tls'] };
  stream.send(CSDS_METHODS.has(path) ? Buffer.alloc(0) : encodeRequest(path, { node, typeUrl, ...names }));
  const status = await stream.status;
  expect(stream.messages, path).toEqual([]);
  return status;
}

interface Case {
  readonly what: string;
  readonly make: (groups: TwoGroups, n: number) => Promise<MadeCertificate | undefined>;
  readonly stream: string;
  readonly other: string;
  readonly reason: string;
}

const past = new Date(Date.now() - 90 * 86_400_000);
const CASES: readonly Case[] = [
  {
    what: 'no certificate',
    make: async () => undefined,
    stream: 'connection',
    other: 'connection',
    reason: 'handshake',
  },
  {
    what: 'a certificate of another CA',
    make: async (groups) => groups.node('blue', 'n1', await makeCa({ name: 'stranger' })),
    stream: 'connection',
    other: 'connection',
    reason: 'handshake',
  },
  {
    what: 'an expired certificate',
    make: ({ ca: issuer }) =>
      makeCertificate({ issuer, uris: [identityOf('blue', 'n1')], from: past, days: 30 }),
    stream: 'connection',
    other: 'connection',
    reason: 'handshake',
  },
  {
    what: 'two URI SANs',
    make: ({ ca: issuer }, n) =>
      makeCertificate({ issuer, uris: [identityOf('red', `n${n}`), identityOf('blue', 'n1')] }),
    stream: PERMISSION_DENIED,
    other: UNIMPLEMENTED,
    reason: 'identity',
  },
  {
    what: 'the certificate of another node of the group it wants',
    make: (groups, n) => groups.node('blue', `other-${n}`),
    stream: PERMISSION_DENIED,
    other: UNIMPLEMENTED,
    reason: 'identity',
  },
];

test.each(CASES)('BAD3: every RPC kind refuses $what', async ({ make, stream, other, reason }) => {
  const groups = await startTwoGroups();
  for (const [n, path] of EVERY.entries()) {
    const status = await statusOf(groups, path, await make(groups, n));
    expect([path, status]).toEqual([path, STREAMS.includes(path) ? stream : other]);
  }
  const expected = stream === 'connection' ? EVERY.length : STREAMS.length;
  await until('all to be counted', async () => (await groups.refused(reason)) >= expected);
  expect(await groups.refused(reason)).toBe(expected);
  expect(await groups.refused('fetch')).toBe(other === UNIMPLEMENTED ? FETCHES.length : 0);
  expect(await groups.refused('status')).toBe(other === UNIMPLEMENTED ? CSDS.length : 0);
  expect((await groups.replica.nodes()).nodes).toEqual([]);
});

test('BAD3: with the certificate of group A every field may claim B: A is what it gets, over every RPC kind', async () => {
  const groups = await startTwoGroups();
  for (const [n, path] of STREAMS.entries()) {
    const stream = groups.connect(await groups.node('red', `n${n}`)).stream(path);
    const node = { id: `n${n}`, cluster: 'blue', metadata: { fields: { group: { stringValue: 'blue' } } } };
    const typeUrl = XDS_METHODS.get(path)?.typeUrl || TYPE_URL.secret;
    const names = path.includes('/Delta')
      ? { resourceNamesSubscribe: ['*', 'blue-tls', 'red-tls'] }
      : { resourceNames: ['*', 'blue-tls', 'red-tls'] };
    stream.send(encodeRequest(path, { node, typeUrl, ...names }));
    await until(`${path} to be answered`, () => stream.messages.length > 0);
    expect(
      stream.messages.filter((bytes) => groups.holdsKeyOf('blue', bytes)),
      path,
    ).toEqual([]);
    const isSecret = typeUrl === TYPE_URL.secret;
    expect(
      stream.messages.some((bytes) => groups.holdsKeyOf('red', bytes)),
      path,
    ).toBe(isSecret);
  }
  const { nodes } = await groups.replica.nodes();
  expect([nodes.length, new Set(nodes.map(({ group }) => group))]).toEqual([
    STREAMS.length,
    new Set(['red']),
  ]);
});

test('BAD3: a path that is nearly one is no method', async () => {
  const groups = await startTwoGroups();
  const odd = [
    `/${DELTA}`,
    DELTA.slice(1),
    DELTA.toUpperCase(),
    DELTA.replace('/Delta', '//Delta'),
    `${DELTA}/`,
    `${DELTA}?x=1`,
    DELTA.replace('/Delta', '/./Delta'),
    DELTA.replace('D', '%44'),
    `${DELTA} `,
    '/',
    '*',
  ];
  for (const [n, path] of odd.entries()) {
    const status = await statusOf(groups, path, await groups.node('red', `n${n}`), `n${n}`);
    expect([path, [UNIMPLEMENTED, 'connection'].includes(status)]).toEqual([path, true]);
  }
  expect(await groups.refused('method')).toBeGreaterThan(5);
  expect((await groups.replica.nodes()).nodes).toEqual([]);
});

test('BAD3: another node id on the same stream ends it, and is told', async () => {
  const groups = await startTwoGroups();
  const stream = groups.connect(await groups.node('red', 'n1')).stream(DELTA);
  stream.send(encodeRequest(DELTA, { node: { id: 'n1' }, typeUrl: TYPE_URL.secret }));
  stream.send(encodeRequest(DELTA, { node: { id: 'n2' }, typeUrl: TYPE_URL.cluster }));
  expect(await stream.status).toBe('3');
  expect(await groups.refused('node-changed')).toBe(1);
});
