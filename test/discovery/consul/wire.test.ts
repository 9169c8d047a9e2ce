import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { consulSource } from '../../../src/discovery/consul/index.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { until } from '../../parts/until.ts';
import { type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, type FakeRequest, startFakeConsul } from './fake-consul.ts';
import { completeOf, createConsul } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const SCOPED = { datacenter: 'dc7', namespace: 'team a', partition: 'p&q' };
const SCOPE = 'dc7/p&q/team a';

describe('what is sent to Consul', () => {
  let fake: FakeConsul;
  let watching: Watching | undefined;
  const watch = (options: object) => {
    const all = { address: fake.url, ...SCOPED, token: { secret: 'consul-token' }, ...options };
    watching = watchSource(createConsul(all, { secret: () => SecretBytes.fromUtf8('marker-token') }));
    return watching;
  };
  const isHealth = ({ path }: FakeRequest) => path.startsWith('/v1/health/service/');

  beforeEach(async () => {
    fake = await startFakeConsul();
  });
  afterEach(async () => {
    await watching?.stop();
    await fake.stop();
  });

  /** Datacenter, namespace, partition and token, however it was asked. */
  function expectScoped(requests: readonly FakeRequest[]): void {
    for (const { query, headers, target } of requests) {
      expect([target, query.getAll('dc'), query.getAll('ns'), query.getAll('partition')]).toEqual([
        target,
        ['dc7'],
        ['team a'],
        ['p&q'],
      ]);
      expect(headers['x-consul-token']).toBe('marker-token');
      expect(target).not.toContain('marker-token');
    }
  }

  test('SRC6: datacenter, namespace, partition and token are on the first, the held and the proving calls', async () => {
    fake.registry.put('web', [A]);
    watch({ services: ['web'] });
    await watching?.next(completeOf(`${SCOPE}/web`));
    await until('both questions to be held', () => fake.held.length === 2);
    fake.headers({ 'x-consul-lastcontact': '99999' });
    fake.wake();
    await until('the leader to be asked for both', () => {
      const proofs = fake.requests.filter(({ query }) => query.has('consistent'));
      return proofs.some(isHealth) && proofs.some((one) => !isHealth(one));
    });
    expect(fake.requests.length).toBeGreaterThanOrEqual(6);
    expectScoped(fake.requests);
  });

  test('SRC6: and on those for the state of all checks', async () => {
    const names = Array.from({ length: 145 }, (_, n) => `service-${n}`);
    for (const name of names) fake.registry.put(name, [A]);
    watch({});
    await until(
      'all services',
      () => new Set(watching?.seen.map(({ scope }) => scope)).size === names.length,
    );
    await until('the state to be held', () => fake.held.some(({ path }) => path === '/v1/health/state/any'));
    expectScoped(fake.requests);
    expect(fake.requests.some(isHealth)).toBe(true);
  });

  test('SRC6: the scope of a service names what is not its own default', async () => {
    fake.registry.put('web', [A]);
    const scopeOf = async (options: object) => {
      watching = watchSource(createConsul({ address: fake.url, services: ['web'], ...options }));
      const { scope } = await watching.next((one) => one.kind === 'complete');
      await watching.stop();
      return scope;
    };
    expect(await scopeOf({})).toBe('local/web');
    expect(await scopeOf({ datacenter: 'dc7' })).toBe('dc7/web');
    expect(await scopeOf({ datacenter: 'dc7', namespace: 'n' })).toBe('dc7/default/n/web');
    expect(await scopeOf({ partition: 'p' })).toBe('local/p/default/web');
  });

  test('filters, node metadata and tags go where they belong', async () => {
    fake.registry.put('web', [{ ...A, tags: ['v=2', 'ä'] }]);
    watch({
      ...{ services: ['web'], tags: ['v=2', 'ä'], filter: '"v=2" in ServiceTags' },
      ...{ healthFilter: 'Service.Meta["a&b"] == "1"', nodeMeta: { rack: 'r:1', row: '2' } },
    });
    await watching?.next(completeOf(`${SCOPE}/web`));
    const list = fake.requests.find(({ path }) => path === '/v1/catalog/services');
    const health = fake.requests.find(isHealth);
    expect(list?.query.get('filter')).toBe('"v=2" in ServiceTags');
    expect(list?.query.getAll('node-meta')).toEqual(['rack:r:1', 'row:2']);
    expect(health?.query.get('filter')).toBe('Service.Meta["a&b"] == "1"');
    expect(health?.query.getAll('node-meta')).toEqual(['rack:r:1', 'row:2']);
    expect(health?.query.getAll('tag')).toEqual(['v=2', 'ä']);
    // Passing alone would hide from Envoy what is not well (SRC8).
    expect(fake.requests.some(({ query }) => query.has('passing'))).toBe(false);
  });

  test.each([
    [{ address: 'consul:8500' }, /not http or https|not a URL/],
    [{ address: 'https://me:secret@consul:8501' }, /use token/],
    [{ address: 'http://consul:8500/v1' }, /only scheme, host and port/],
    [{ address: 'http://consul:8500', tls: { ca: 'ca.pem' } }, /nothing over http/],
    [{ address: 'https://consul:8501', tls: { certificate: 'a.pem' } }, /come together/],
    [{ address: 'http://consul:8500', token: {} }, /exactly one/],
    [{ address: 'http://consul:8500', token: { secret: 'a', file: 'b' } }, /exactly one/],
    [{ address: 'http://consul:8500', wait: '11m' }, /from 1s to 10m/],
    [{ address: 'http://consul:8500', onlyPassing: true }, /onlyPassing/],
    [{ address: 'http://consul:8500', warning: 'draining' }, /warning|degraded/],
  ])('options that mean nothing are refused: %j', (options, words) => {
    const parsed = consulSource.schema.safeParse(options);
    expect(parsed.error?.message).toMatch(words);
  });
});
