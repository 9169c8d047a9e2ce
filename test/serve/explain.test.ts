import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InstanceIndex } from '../../src/discovery/instances.ts';
import { selectEndpoints } from '../../src/discovery/select.ts';
import type { SeenInstance } from '../../src/fleet/seen.ts';
import type { Endpoint } from '../../src/model/instance.ts';
import { explainOf, selectedBy } from '../../src/serve/explain-views.ts';
import { configOf, fakeWorld, instance, NOON, scopeStatus, type WorldFacts } from './fake-world.ts';

const FILE = { file: { paths: ['./a.yaml'] } };

function seen(id: string, changes: Parameters<typeof instance>[1] = {}, source = 'vms'): SeenInstance {
  const one = instance(id, changes);
  return { source, scope: 'a.yaml', seen: one, used: one, dropped: undefined, held: false };
}

/** A service `web` with these `from` entries over the sources `vms` and `old`. */
function explained(
  from: readonly object[],
  facts: WorldFacts & { endpoints?: readonly Endpoint[] },
  limit = 100,
) {
  const config = configOf({ sources: { vms: FILE, old: FILE }, services: { web: { from } } });
  const scopes = { vms: [scopeStatus()], old: [scopeStatus()] };
  const endpoints = facts.endpoints ?? [];
  const world = { ...fakeWorld({ scopes, ...facts }), endpoints: () => ({ endpoints, known: true }) };
  const looked = explainOf({ config, world }, { service: 'web', limit });
  if (!('found' in looked)) throw new Error(looked.unknown);
  return looked.found;
}

const PROD = { source: 'vms', where: { 'file.label.stage': 'prod' } };
const prod = { labels: { 'file.label.stage': 'prod' } };

describe('explainOf', () => {
  it('says where each endpoint comes from: entry, source, scope, id, priority, place, weight, health', () => {
    const view = explained([PROD, { source: 'old', priority: 1 }], {
      seen: [
        seen('o-1', { address: '10.0.0.2' }, 'old'),
        seen('i-1', {
          ...prod,
          weight: 5,
          health: 'DRAINING',
          locality: { region: 'r', zone: 'z', subZone: '' },
        }),
      ],
    });
    expect(view.chosen).toEqual([
      {
        ...{ from: 0, source: 'vms', scope: 'a.yaml', id: 'i-1', address: '10.0.0.1', port: 80, priority: 0 },
        ...{ locality: { region: 'r', zone: 'z', subZone: '' }, health: 'DRAINING', weight: 5 },
        ...{ held: false, stale: false },
      },
      {
        ...{ from: 1, source: 'old', scope: 'a.yaml', id: 'o-1', address: '10.0.0.2', port: 80, priority: 1 },
        ...{ locality: { region: '', zone: '', subZone: '' }, health: 'HEALTHY' },
        ...{ held: false, stale: false },
      },
    ]);
    expect(view).toMatchObject({
      service: 'web',
      origin: { object: 'services/web', file: 'c.yaml' },
      known: true,
    });
    expect(view.settings).toMatchObject({ protocol: 'http1', loadBalancing: { policy: 'roundRobin' } });
    expect(view.from[0]).toMatchObject({
      ...{ index: 0, source: 'vms', state: 'ok', chosen: 1 },
      selection: { where: { 'file.label.stage': { equals: 'prod' } }, priority: 0 },
    });
  });

  it('sums up why others were not chosen, condition by condition, the most frequent first', () => {
    const entry = { ...PROD, service: 'web', port: { name: 'http' } };
    const web = { 'file.service': 'web', 'file.label.stage': 'prod' };
    const view = explained([entry], {
      seen: [
        ...Array.from({ length: 5 }, (_, n) => seen(`db-${n}`, { labels: { 'file.service': 'db' } })),
        seen('t-1', { labels: { ...web, 'file.label.stage': 'test' } }),
        seen('t-2', { labels: { 'file.service': 'web' } }),
        seen('p-1', { labels: web }),
        { ...seen('d-1'), used: undefined, dropped: 'rule 1: drop x "y" matches' },
      ],
    });
    expect(view.chosen).toEqual([]);
    expect(view.from[0]?.notChosen).toEqual([
      { reason: 'file.service is not "web"', count: 5, examples: ['db-0: db', 'db-1: db', 'db-2: db'] },
      { reason: 'file.label.stage is not "prod"', count: 2, examples: ['t-1: test', 't-2'] },
      { reason: 'no port named "http": it has ""', count: 1, examples: ['p-1'] },
      { reason: 'rule 1: drop x "y" matches', count: 1, examples: ['d-1'] },
    ]);
  });

  test.each([
    [['a', 'b'], 'x is none of "a", "b"'],
    [{ not: 'v' }, 'x is "v"'],
    [{ not: ['v', 'w'] }, 'x is one of "v", "w"'],
    [{ exists: false }, 'x is there'],
    [{ matches: 'a.*' }, 'x does not match "a.*"'],
    [{ not: { matches: 'v+' } }, 'x matches "v+"'],
  ])('has words for the condition %j', (condition, words) => {
    const view = explained([{ source: 'vms', where: { x: condition } }], {
      seen: [seen('1', { labels: { x: 'v' } })],
    });
    expect(view.from[0]?.notChosen.map(({ reason }) => reason)).toEqual([words]);
  });

  it('marks what is held and what is too old, and says what is named twice', () => {
    const view = explained([{ source: 'vms' }, { source: 'old', priority: 1 }], {
      seen: [
        seen('i-1'),
        { ...seen('i-2', { address: '10.0.0.2' }), held: true },
        seen('o-1', {}, 'old'),
        seen('o-2', { address: '10.0.0.3' }, 'old'),
      ],
      scopes: { vms: [scopeStatus()], old: [scopeStatus({ stale: true })] },
    });
    expect(view.chosen.map(({ id, held, stale, health }) => ({ id, held, stale, health }))).toEqual([
      { id: 'i-1', held: false, stale: false, health: 'HEALTHY' },
      { id: 'i-2', held: true, stale: false, health: 'HEALTHY' },
      { id: 'o-2', held: false, stale: true, health: 'DEGRADED' },
    ]);
    expect(view.from[1]?.notChosen).toEqual([
      { reason: 'the same address and port is served by "i-1" of from[0]', count: 1, examples: ['o-1'] },
    ]);
  });

  it('shows endpoints that are written in the config beside them', () => {
    const config = configOf({ services: { web: { endpoints: ['10.0.0.9:80'] } } });
    const looked = explainOf({ config, world: fakeWorld() }, { service: 'web', limit: 5 });
    const { chosen, inline } = 'found' in looked ? looked.found : {};
    expect(inline).toBe(1);
    expect(chosen).toMatchObject([{ address: '10.0.0.9', port: 80, health: 'HEALTHY' }]);
    expect(chosen?.[0]).not.toHaveProperty('from');
  });

  it('SRC2: names endpoints that the service holds although no instance gives them', () => {
    const { locality } = instance('x');
    const endpoint: Endpoint = { address: '10.0.0.9', port: 80, locality, health: 'DEGRADED', priority: 0 };
    const held = {
      service: 'web',
      held: 1,
      since: NOON,
      until: NOON + 600_000,
      source: 'vms',
      scope: 'a.yaml',
    };
    const endpoints = [{ ...endpoint, address: '10.0.0.1' }, endpoint];
    expect(explained([{ source: 'vms' }], { seen: [seen('i-1')], held: [held], endpoints }).held).toEqual({
      ...{ endpoints: 1, source: 'vms', scope: 'a.yaml', examples: ['10.0.0.9:80'] },
      since: '2026-11-21T12:00:00.000Z',
      until: '2026-11-21T12:10:00.000Z',
    });
  });

  it('shows up to a limit, and says how many are left', () => {
    const many = Array.from({ length: 30 }, (_, n) => seen(`i-${n}`, { address: `10.0.0.${n}` }));
    const view = explained([{ source: 'vms' }], { seen: many }, 10);
    expect([view.chosen.length, view.left]).toEqual([10, 20]);
  });
});

const label = fc.constantFrom('a', 'b', 'c');
const condition = fc.oneof(
  label,
  fc.array(label, { minLength: 1, maxLength: 2 }),
  fc.record({ not: label }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ matches: fc.constantFrom('a|b', '.*', 'c') }),
);
const entry = fc.record(
  {
    source: fc.constantFrom('vms', 'old'),
    service: label,
    where: fc.dictionary(fc.constantFrom('x', 'y'), condition, { maxKeys: 2 }),
    port: fc.oneof(fc.constant(99), fc.record({ name: fc.constantFrom('http', 'admin') })),
  },
  { requiredKeys: ['source'] },
);
const someone = fc.record({
  source: fc.constantFrom('vms', 'old'),
  address: fc.integer({ min: 1, max: 6 }).map((n) => `10.0.0.${n}`),
  ports: fc.constantFrom({ '': 80 }, { http: 81 }, { http: 81, admin: 82 }, {}),
  labels: fc.dictionary(fc.constantFrom('x', 'y', 'file.service'), label),
});

test('what is explained is what is selected, whatever entries and instances there are', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 3 }),
      fc.array(someone, { maxLength: 12 }),
      (written, all) => {
        // Priorities have no gaps.
        const from = written.map((one, index) => ({ ...one, priority: Math.min(index, 1) }));
        const config = configOf({ sources: { vms: FILE, old: FILE }, services: { web: { from } } });
        const service = config.services.get('web');
        if (service === undefined) throw new Error('no service');
        const instances = all.map(({ source, ...changes }, n) => seen(`i-${n}`, changes, source));
        const indexes = new Map(['vms', 'old'].map((name) => [name, new InstanceIndex('file.service')]));
        for (const [name, index] of indexes)
          index.replace(
            'a.yaml',
            instances.flatMap(({ source, seen: one }) => (source === name ? [one] : [])),
          );
        const selected = selectEndpoints(service, (source) => indexes.get(source));
        const { chosen } = explained(from, { seen: instances });
        const keysOf = (some: readonly { address: string; port: number; priority: number }[]) =>
          some.map(({ address, port, priority }) => `${priority} ${address}:${port}`).sort();
        expect(keysOf(chosen)).toEqual(keysOf(selected));

        const looked = selectedBy({ config, world: fakeWorld({ seen: instances }) }, 'web');
        const picked = 'found' in looked ? instances.filter(looked.found) : [];
        expect(new Set(picked.map((one) => one.seen.id))).toEqual(new Set(chosen.map(({ id }) => id)));
      },
    ),
    { numRuns: 300 },
  );
});
