import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ExplainRow, explainService, type SeenForService } from '../../src/discovery/explain.ts';
import { InstanceIndex } from '../../src/discovery/instances.ts';
import { selectEndpoints } from '../../src/discovery/select.ts';
import type { LabelCondition, Service, ServiceFrom } from '../../src/model/config.ts';
import { type Endpoint, type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

const LABEL = 'test.service';
const serviceLabel = (source: string): string | undefined => (source === 'bare' ? undefined : LABEL);

const conditions = fc.constantFrom<LabelCondition>(
  { equals: 'a' },
  { oneOf: ['a', 'b'] },
  { not: { equals: 'a' } },
  { exists: true },
  { exists: false },
  { matches: 'a|c' },
);
const froms: fc.Arbitrary<ServiceFrom> = fc.record({
  source: fc.constantFrom('dc', 'vms', 'bare'),
  service: fc.constantFrom(undefined, 'web', 'api'),
  where: fc
    .array(fc.tuple(fc.constantFrom('app', 'stage'), conditions), { maxLength: 2 })
    .map((entries) => new Map(entries)),
  port: fc.constantFrom<ServiceFrom['port']>(
    { kind: 'default' },
    { kind: 'constant', port: 9 },
    { kind: 'named', name: 'admin' },
    { kind: 'label', label: 'port' },
    { kind: 'label', label: 'port', fallback: 7 },
  ),
  priority: fc.constantFrom(0, 1),
  weight: fc.constantFrom<ServiceFrom['weight']>(
    undefined,
    { kind: 'constant', weight: 3 },
    { kind: 'label', label: 'weight', fallback: 2 },
    { kind: 'label', label: 'weight' },
  ),
  locality: fc.constantFrom<ServiceFrom['locality']>(undefined, { zone: 'a' }, { region: 'x', subZone: 's' }),
});
const localities = fc.constantFrom('', 'a', 'b').map((zone) => ({ region: 'r', zone, subZone: '' }));
const instances: fc.Arbitrary<Instance> = fc.record({
  id: fc.uuid(),
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
  ports: fc.constantFrom<Instance['ports']>({}, { '': 80 }, { http: 81 }, { http: 81, admin: 82 }),
  locality: localities,
  health: fc.constantFrom('HEALTHY', 'DRAINING'),
  weight: fc.constantFrom(undefined, 1, 5),
  labels: fc.dictionary(
    fc.constantFrom('app', 'stage', LABEL, 'port', 'weight'),
    fc.constantFrom('a', 'b', 'web', '90', '500'),
  ),
});
const seens: fc.Arbitrary<SeenForService> = fc.record({
  source: fc.constantFrom('dc', 'vms', 'bare'),
  scope: fc.constantFrom('one', 'two'),
  instance: instances,
  dropped: fc.constantFrom(undefined, undefined, undefined, 'dropped by relabel[0]'),
});
const services: fc.Arbitrary<Service> = fc.record({
  name: fc.constant('web'),
  origin: fc.constant({ object: 'services/web' }),
  from: fc.array(froms, { maxLength: 4 }),
  endpoints: fc.array(
    fc.record({
      address: fc.constantFrom('10.0.0.1', '10.0.0.9'),
      port: fc.constantFrom(80, 9),
      locality: localities,
      health: fc.constant('HEALTHY' as const),
      priority: fc.constantFrom(0, 1),
    }),
    { maxLength: 2 },
  ),
  loadBalancing: fc.constant({ policy: 'roundRobin' as const }),
  connectTimeoutMs: fc.constant(1000),
  protocol: fc.constant('http1' as const),
  failover: fc.constantFrom<Service['failover']>(undefined, { by: 'zone', order: ['b', 'a'] }),
  metadata: fc.constantFrom<Service['metadata']>(undefined, new Map([['app', ['stage', 'app']]])),
});

function selected(service: Service, seen: readonly SeenForService[]): readonly Endpoint[] {
  const indexes = new Map<string, InstanceIndex>();
  for (const [source, all] of Map.groupBy(seen, (one) => one.source)) {
    const index = new InstanceIndex(serviceLabel(source));
    for (const [scope, some] of Map.groupBy(all, (one) => one.scope)) {
      const served = some.filter(({ dropped }) => dropped === undefined);
      index.replace(
        scope,
        served.map(({ instance }) => instance),
      );
    }
    indexes.set(source, index);
  }
  return selectEndpoints(service, (source) => indexes.get(source));
}

const inOrder = (endpoints: readonly Endpoint[]): readonly string[] =>
  endpoints
    .map((one) => JSON.stringify(one, Object.keys({ ...one, region: 0, zone: 0, subZone: 0 }).sort()))
    .sort();

test('the rows that are chosen are exactly the endpoints that are selected, and every other row says why', () => {
  fc.assert(
    fc.property(services, fc.array(seens, { maxLength: 12 }), (service, seen) => {
      const rows = explainService(service, seen, serviceLabel);
      const chosen = rows.flatMap(({ endpoint }) => endpoint ?? []);
      expect(inOrder(chosen)).toEqual(inOrder(selected(service, seen)));
      for (const { endpoint, reason } of rows) expect(endpoint === undefined).toBe(reason !== undefined);
      const asked = service.from.map(({ source }) => seen.filter((one) => one.source === source).length);
      expect(rows.length).toBe(asked.reduce((sum, count) => sum + count, service.endpoints.length));
    }),
    { numRuns: 500 },
  );
});

describe('the reasons', () => {
  const web = { [LABEL]: 'web' };
  test.each<[name: string, from: Partial<ServiceFrom>, more: Partial<Instance>, reason: string]>([
    ['another service', { service: 'web' }, { labels: { [LABEL]: 'api' } }, 'is of the service "api"'],
    ['no service', { service: 'web' }, { labels: {} }, 'is of no service'],
    [
      'a condition',
      { where: new Map([['v', { oneOf: ['1', '2'] }]]) },
      { labels: { v: '3"\n' } },
      'where: v is "3\\"\\n", wanted one of "1", "2"',
    ],
    [
      'a label that is not there',
      { where: new Map([['v', { not: { exists: false } }]]) },
      {},
      'where: v is not there, wanted not none',
    ],
    [
      'a pattern',
      { where: new Map([['v', { matches: 'a+' }]]) },
      { labels: { v: 'b' } },
      'where: v is "b", wanted a match of "a+"',
    ],
    ['no port at all', {}, { ports: {} }, 'no port: name one in `port`'],
    ['several ports', {}, { ports: { a: 1, b: 2 } }, 'several ports ("a", "b"): choose one in `port`'],
    [
      'no such port',
      { port: { kind: 'named', name: 'x' } },
      { ports: { a: 1 } },
      'no port named "x": it has "a"',
    ],
    [
      'a label that is no port',
      { port: { kind: 'label', label: 'p' } },
      { labels: { p: '70000' } },
      'no port: the label p is "70000"',
    ],
  ])('%s', (_, from, more, reason) => {
    expect(explained([entry(from)], [see({ labels: web, ...more })])).toMatchObject([{ from: 0, reason }]);
  });

  test('dropped before the service could choose it', () => {
    const seen = { ...see({}), dropped: 'dropped by relabel[0]' };
    expect(explained([entry({})], [seen])).toMatchObject([{ reason: 'dropped by relabel[0]' }]);
  });

  test('the same address and port of a better priority', () => {
    const rows = explained([entry({ priority: 1 }), entry({})], [see({ id: 'i-1' })]);
    expect(rows).toMatchObject([
      { from: 0, reason: 'the same address and port is served by "i-1" of from[1]' },
      { from: 1, endpoint: { address: '10.0.0.1', port: 80, priority: 0 } },
    ]);
  });
});

function explained(from: readonly ServiceFrom[], seen: readonly SeenForService[]): readonly ExplainRow[] {
  const rest = {
    endpoints: [],
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 1,
    protocol: 'http1',
  } as const;
  return explainService(
    { name: 'web', origin: { object: 'services/web' }, from, ...rest },
    seen,
    serviceLabel,
  );
}

function entry(more: Partial<ServiceFrom>): ServiceFrom {
  return { source: 'dc', where: new Map(), port: { kind: 'default' }, priority: 0, ...more };
}

function see(more: Partial<Instance>): SeenForService {
  const address = '10.0.0.1';
  const instance: Instance = {
    id: address,
    address,
    ports: { '': 80 },
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels: {},
    ...more,
  };
  return { source: 'dc', scope: 's', instance };
}
