import { expect, test } from 'vitest';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import { encodeRequest, type GrpcStream } from './grpc-stream.ts';
import { startTwoGroups, type TwoGroups } from './two-groups.ts';

const SDS = TYPE_URL.secret;
const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const SERVICE = '/envoy.service.secret.v3.SecretDiscoveryService';

/** Streams of every kind; the last two also subscribe to everything. */
const KINDS = [
  { path: `${ADS}/StreamAggregatedResources`, wildcard: false },
  { path: `${ADS}/DeltaAggregatedResources`, wildcard: false },
  { path: `${SERVICE}/StreamSecrets`, wildcard: false },
  { path: `${SERVICE}/DeltaSecrets`, wildcard: false },
  { path: `${SERVICE}/StreamSecrets`, wildcard: true },
  { path: `${SERVICE}/DeltaSecrets`, wildcard: true },
] as const;

const NODES = 40;
const TRIES = Math.ceil(100_000 / (NODES * KINDS.length));

/** Names that mean the other group's secret to one reader or another; only the first is its name. */
const NAMES = [
  'blue-tls',
  'BLUE-TLS',
  'blue-tls/',
  '/blue-tls',
  '../blue/blue-tls',
  'blue/blue-tls',
  'blue%2Dtls',
  'blue-tls\0',
  'file:blue.key',
  'secrets/blue-tls',
] as const;

interface Thief {
  readonly stream: GrpcStream;
  readonly path: string;
  readonly wildcard: boolean;
  nonce: string;
}

/** Opens a stream of the group `red` whose every field claims to be of `blue`. */
function open(stream: GrpcStream, id: string, kind: (typeof KINDS)[number]): Thief {
  const { path, wildcard } = kind;
  const claim = { fields: { group: { stringValue: 'blue' }, cluster: { stringValue: 'blue' } } };
  const node = { id, cluster: 'blue', metadata: claim, locality: { region: 'blue', zone: 'blue' } };
  const asked = ['red-tls', ...(wildcard ? ['*'] : [])];
  const names = path.includes('/Delta') ? { resourceNamesSubscribe: asked } : { resourceNames: asked };
  stream.send(encodeRequest(path, { node, typeUrl: SDS, ...names }));
  return { stream, path, wildcard, nonce: '' };
}

/** One request of SotW lists what is wanted: a name is asked for anew when it was not on the list before. */
function tryOnce(thief: Thief, round: number): void {
  const name = NAMES[round % NAMES.length] ?? '';
  const { path, wildcard, nonce, stream } = thief;
  const also = wildcard ? ['*'] : [];
  const names = path.includes('/Delta')
    ? { resourceNamesSubscribe: [name], resourceNamesUnsubscribe: round % 3 === 0 ? [] : [name] }
    : { resourceNames: [name, ...also], responseNonce: nonce };
  stream.send(encodeRequest(path, { typeUrl: SDS, ...names }));
}

interface Answer {
  readonly nonce?: string;
}

function answerOf(path: string, message: Buffer | undefined): Answer {
  const type = `envoy.service.discovery.v3.${path.includes('/Delta') ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse'}`;
  const registry = loadRegistry();
  // The registry's type is as wide as all messages.
  return registry.toJson(type, registry.decode(type, message ?? Buffer.alloc(0))) as Answer;
}

async function thieves(groups: TwoGroups): Promise<readonly Thief[]> {
  const opened: Thief[] = [];
  for (let n = 0; n < NODES; n += 1) {
    const connection = groups.connect(await groups.node('red', `n${n}`));
    for (const kind of KINDS) opened.push(open(connection.stream(kind.path), `n${n}`, kind));
  }
  await until('all to have their own secret', () => opened.every(({ stream }) => stream.messages.length > 0));
  for (const thief of opened) thief.nonce = answerOf(thief.path, thief.stream.messages[0]).nonce ?? '';
  return opened;
}

test('BAD3 P4: a hundred thousand tries over every kind of request get no secret of another group', async () => {
  const groups = await startTwoGroups();
  const all = await thieves(groups);
  // The search finds a key where there is one.
  expect(all.every(({ stream }) => stream.messages.some((bytes) => groups.holdsKeyOf('red', bytes)))).toBe(
    true,
  );
  for (let round = 0; round < TRIES; round += 1) {
    for (const thief of all) tryOnce(thief, round);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const expected = all.length * TRIES;
  const counted = async (): Promise<number> =>
    (await groups.refused('secret-of-another-group')) + (await groups.refused('unknown-secret'));
  await until('every denial to be counted', async () => (await counted()) >= expected, { timeoutMs: 20_000 });
  expect(await counted()).toBe(expected);
  expect(await groups.refused('secret-of-another-group')).toBe(
    all.length * Array.from({ length: TRIES }, (_, at) => at).filter((at) => at % NAMES.length === 0).length,
  );
  const received = all.flatMap(({ stream }) => stream.messages);
  expect(received.filter((bytes) => groups.holdsKeyOf('blue', bytes))).toEqual([]);
  // Told once for each node and name, however often it was asked for.
  expect(groups.audit().filter(({ reason }) => String(reason).includes('secret'))).toHaveLength(
    NODES * NAMES.length,
  );
}, 60_000);

test('BAD3: a name that exists and one that does not get the same answer', async () => {
  const groups = await startTwoGroups();
  const connection = groups.connect(await groups.node('red', 'n1'));
  for (const { path, wildcard } of KINDS) {
    const shapes: string[] = [];
    for (const name of ['blue-tls', 'grey-tls']) {
      const stream = connection.stream(path);
      const asked = [name, 'red-tls', ...(wildcard ? ['*'] : [])];
      const names = path.includes('/Delta')
        ? { resourceNamesSubscribe: asked, initialResourceVersions: { [name]: '1' } }
        : { resourceNames: asked };
      stream.send(encodeRequest(path, { node: { id: 'n1', cluster: 'red' }, typeUrl: SDS, ...names }));
      await until('the answer', () => stream.messages.length > 0);
      const answers = stream.messages.map((bytes) => ({ ...answerOf(path, bytes), nonce: '' }));
      shapes.push(JSON.stringify(answers).replaceAll(name, 'NAME'));
      stream.end();
    }
    expect(shapes[0]).toBe(shapes[1]);
  }
});

test('BAD2: a request that tries twenty thousand names is counted whole and written down in part', async () => {
  const groups = await startTwoGroups();
  const path = `${ADS}/DeltaAggregatedResources`;
  const stream = groups.connect(await groups.node('red', 'n1')).stream(path);
  const names = Array.from({ length: 20_000 }, (_, n) => `secret-${n}`);
  const node = { id: 'n1', cluster: 'red' };
  stream.send(
    encodeRequest(path, { node, typeUrl: SDS, resourceNamesSubscribe: ['red-tls', 'blue-tls', ...names] }),
  );
  await until('the answer', () => stream.messages.some((bytes) => groups.holdsKeyOf('red', bytes)));
  expect(await groups.refused('unknown-secret')).toBe(20_000);
  expect(await groups.refused('secret-of-another-group')).toBe(1);
  expect(groups.audit()).toHaveLength(100);
});
