import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CompleteReport, SourceContext } from '../../../src/discovery/source.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { type Consul, startConsul } from '../../parts/consul.ts';
import { until } from '../../parts/until.ts';
import {
  addressesOf,
  expectContract,
  isComplete,
  isFailure,
  testSource,
  type Watching,
  watchSource,
} from '../suite.ts';
import { completeOf, createConsul } from './watching.ts';

testSource('the consul source over a real Consul', async () => {
  const consul = await startConsul({ durable: true });
  await consul.register({ service: 'web', node: 'a', address: '10.0.0.1' });
  await consul.register({ service: 'web', node: 'b', address: '10.0.0.2' });
  return {
    source: createConsul({ address: consul.http, services: ['web'] }),
    addresses: ['10.0.0.1', '10.0.0.2'],
    break: () => consul.end('hard'),
    mend: () => consul.begin(),
    close: consul.stop,
  };
});

describe.each(['http', 'https'] as const)('a real Consul with ACLs over %s', (scheme) => {
  let consul: Consul;
  let watching: Watching;
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    const all = {
      ...{ address: consul[scheme], datacenter: 'dc1', token: { secret: 'token' } },
      ...(scheme === 'https' ? { tls: { ca: consul.ca } } : {}),
      ...options,
    };
    const secret = () => SecretBytes.fromUtf8(consul.token);
    watching = watchSource(createConsul(all, { secret, ...context }));
    return watching;
  };
  /** What was told of a service last. */
  const last = (service: string) =>
    watching.seen.findLast((one): one is CompleteReport => isComplete(one) && one.scope === `dc1/${service}`);
  const healths = (service: string) => last(service)?.instances.map(({ health }) => health) ?? [];

  beforeAll(async () => {
    consul = await startConsul({ acl: true, tls: true });
  });
  afterAll(() => consul.stop());
  afterEach(async () => {
    await watching.stop();
    expectContract(watching.seen);
  });

  test('SRC8: an instance through its life: registered, critical, passing, warning, in maintenance, gone', async () => {
    watch({ services: ['life'] });
    expect((await watching.next(completeOf('dc1/life'))).instances).toEqual([]);
    await consul.registerTtl({ name: 'life', id: 'life-1', port: 8080 });
    await until('critical', () => healths('life').join() === 'UNHEALTHY');
    expect(last('life')?.instances[0]).toMatchObject({
      address: '127.0.0.1',
      ports: { '': 8080 },
      weight: 1,
    });
    await consul.ttl('life-1', 'pass');
    await until('passing', () => healths('life').join() === 'HEALTHY');
    await consul.ttl('life-1', 'warn');
    await until('warning', () => healths('life').join() === 'DEGRADED');
    await consul.maintenance('life-1', true);
    await until('maintenance', () => healths('life').join() === 'DRAINING');
    await consul.maintenance('life-1', false);
    await until('out of it', () => healths('life').join() === 'DEGRADED');
    await consul.nodeMaintenance(true);
    await until('maintenance of the node', () => healths('life').join() === 'DRAINING');
    await consul.nodeMaintenance(false);
    await consul.deregisterTtl('life-1');
    await until('nothing', () => last('life')?.instances.length === 0);
    expect(last('life')?.reason).toBe('stated');
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });

  test('SRC6: what a check prints changes nothing', async () => {
    await consul.registerTtl({ name: 'talk', id: 'talk-1', port: 8080 });
    await consul.ttl('talk-1', 'pass', 'first');
    watch({ services: ['talk'] });
    await until('passing', () => healths('talk').join() === 'HEALTHY');
    const count = watching.seen.filter(isComplete).length;
    for (const note of ['second', 'third']) await consul.ttl('talk-1', 'pass', note);
    await consul.ttl('talk-1', 'fail', 'fourth');
    await until('critical', () => healths('talk').join() === 'UNHEALTHY');
    expect(watching.seen.filter(isComplete)).toHaveLength(count + 1);
    await consul.deregisterTtl('talk-1');
  });

  test('SRC2: what is deregistered is stated, one instance and the whole service', async () => {
    for (const node of ['a', 'b', 'c'])
      await consul.register({ service: 'drop', node, address: `10.3.0.${node.charCodeAt(0)}` });
    watch({ services: ['drop'] });
    await watching.next(completeOf('dc1/drop'));
    await consul.deregister('a', 'drop');
    const two = await watching.next(completeOf('dc1/drop'));
    expect([two.reason, addressesOf(two)]).toEqual(['stated', ['10.3.0.98', '10.3.0.99']]);
    await consul.deregister('b');
    await consul.deregister('c');
    await until('nothing', () => last('drop')?.instances.length === 0);
    const emptied = watching.seen.filter((one) => isComplete(one) && one.instances.length === 0);
    expect(emptied.every((one) => isComplete(one) && one.reason === 'stated')).toBe(true);
  });

  test('facts, weights, addresses and odd tags are as they were registered', async () => {
    const tags = ['say "hi"', 'two\nlines', 'x'.repeat(256), 'schön', 'V2', 'v2', 'a,b'];
    const meta = { Key: 'A', key: 'a' };
    await consul.register({
      ...{ service: 'odd', id: 'odd-1', node: 'odd-node', nodeAddress: '10.4.0.1', port: 0, tags, meta },
      ...{ nodeMeta: { rack: 'r1' }, weights: { Passing: 300, Warning: 7 }, status: 'passing' },
    });
    await consul.register({
      ...{ service: 'odd', id: 'odd-2', node: 'odd-node-2', address: '2001:db8::2', port: 9 },
      ...{ weights: { Passing: 300, Warning: 7 }, status: 'warning' },
    });
    watch({ services: ['odd'] });
    const [two, one] = (await watching.next(completeOf('dc1/odd'))).instances;
    expect(one).toMatchObject({
      id: 'odd-node/odd-1',
      address: '10.4.0.1',
      ports: {},
      weight: 128,
      health: 'HEALTHY',
    });
    for (const tag of tags) expect(one?.labels, tag).toHaveProperty([`consul.tag.${tag}`], 'true');
    expect(one?.labels).toMatchObject({
      'consul.meta.Key': 'A',
      'consul.meta.key': 'a',
      'consul.nodeMeta.rack': 'r1',
      'consul.dc': 'dc1',
    });
    expect(two).toMatchObject({ address: '2001:db8::2', ports: { '': 9 }, weight: 7, health: 'DEGRADED' });
  });

  test('tags, filters and node metadata choose', async () => {
    await consul.register({
      service: 'pick',
      id: 'p1',
      node: 'p1',
      address: '10.5.0.1',
      tags: ['v2', 'eu'],
      meta: { a: '1' },
      nodeMeta: { rack: 'r1' },
    });
    await consul.register({
      service: 'pick',
      id: 'p2',
      node: 'p2',
      address: '10.5.0.2',
      tags: ['v2'],
      meta: { a: '2' },
      nodeMeta: { rack: 'r2' },
    });
    const found = async (options: object) => {
      const report = await watch({ services: ['pick'], ...options }).next(completeOf('dc1/pick'));
      await watching.stop();
      return addressesOf(report);
    };
    expect(await found({ tags: ['v2'] })).toEqual(['10.5.0.1', '10.5.0.2']);
    expect(await found({ tags: ['v2', 'eu'] })).toEqual(['10.5.0.1']);
    expect(await found({ healthFilter: 'Service.Meta.a == "2"' })).toEqual(['10.5.0.2']);
    expect(await found({ nodeMeta: { rack: 'r2' } })).toEqual(['10.5.0.2']);
    expect(await found({ filter: 'ServiceName == "pick"' })).toEqual(['10.5.0.1', '10.5.0.2']);
    expect(await found({ filter: 'ServiceName == "other"' })).toEqual([]);
  });

  test('SRC5: a filter that is no filter, and a datacenter that is none, are told in words', async () => {
    expect((await watch({ filter: 'x ==' }).next(isFailure)).error.message).toMatch(/filter/);
    await watching.stop();
    const { error } = await watch({ datacenter: 'dc9' }).next(isFailure);
    expect(error.message).toMatch(/dc9.*dc1/);
  });

  test('SRC5: ACLs: a token that comes late, is revoked, and is rotated', async () => {
    await consul.register({ service: 'locked', node: 'l1', address: '10.6.0.1' });
    const rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
    const late = crypto.randomUUID();
    let token: string = late;
    watch({ services: ['locked'] }, { secret: () => SecretBytes.fromUtf8(token) });
    expect((await watching.next(isFailure)).error.message).toMatch(/403.*ACL not found/);
    await consul.makeToken(rules, late);
    expect(addressesOf(await watching.next(completeOf('dc1/locked')))).toEqual(['10.6.0.1']);
    const self = await consul.get('/v1/acl/token/self', late);
    const accessor = typeof self === 'object' && self !== null && 'AccessorID' in self ? self.AccessorID : '';
    await consul.delete(`/v1/acl/token/${accessor}`);
    await consul.register({ service: 'locked', node: 'l2', address: '10.6.0.2' });
    await until(
      'a failure',
      () => watching.seen.some((one) => isFailure(one) && one.scope === 'dc1/locked'),
      { timeoutMs: 20_000 },
    );
    expect(last('locked')?.instances).toHaveLength(1);
    token = await consul.makeToken(rules);
    await until('both', () => last('locked')?.instances.length === 2, { timeoutMs: 20_000 });
  });

  test('SRC6: a token that loses its sight empties nothing', async () => {
    await consul.register({ service: 'seen', node: 's1', address: '10.7.0.1' });
    await consul.register({ service: 'other', node: 's1', nodeAddress: '10.7.0.1' });
    const rights = (names: string[]) =>
      `${names.map((name) => `service "${name}" { policy = "read" }`).join('\n')}\nnode_prefix "" { policy = "read" }`;
    let token = await consul.makeToken(rights(['seen', 'other']));
    watch({ services: ['seen', 'other'] }, { secret: () => SecretBytes.fromUtf8(token) });
    await watching.next(completeOf('dc1/seen'));
    token = await consul.makeToken(rights(['other']));
    await consul.register({ service: 'seen', node: 's2', address: '10.7.0.2' });
    await consul.register({ service: 'third', node: 's2', address: '10.7.0.2' });
    await until('the loss to be told', () =>
      watching.seen.some(
        (one) =>
          one.scope === 'dc1/seen' && (isFailure(one) || (isComplete(one) && one.instances.length === 0)),
      ),
    );
    const stated = watching.seen.filter(
      (one) => isComplete(one) && one.instances.length === 0 && one.reason === 'stated',
    );
    expect(stated).toEqual([]);
  });
});
