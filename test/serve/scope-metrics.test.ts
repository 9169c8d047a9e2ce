import { describe, expect, it, test } from 'vitest';
import { createMetrics, type Gauges } from '../../src/serve/metrics.ts';
import { scopeFigures } from '../../src/serve/scope-figures.ts';
import { CONFIG, fakeWorld, NOON, scopeStatus, type WorldFacts } from './fake-world.ts';

const none = () => new Map<string, never>();
const NO_GAUGES: Gauges = {
  nodes: none,
  revisions: none,
  sourceAges: none,
  sourceStates: none,
  scopes: () => [],
  heldServices: none,
  configProblems: () => 0,
  secrets: none,
  secretAlarms: none,
  secretEnds: none,
  stateOk: () => true,
  nodeFilesOk: () => new Map(),
  nodeTlsExpiry: () => undefined,
};

const figuresOf = (facts: WorldFacts, read = scopeFigures()) =>
  read({ config: CONFIG, world: fakeWorld(facts) }, NOON);

/** The lines of muster's own metrics that name a source or a service. */
async function linesOf(gauges: Partial<Gauges>): Promise<readonly string[]> {
  const text = await createMetrics({ ...NO_GAUGES, ...gauges }).registry.metrics();
  return text.split('\n').filter((line) => /^muster_(source|service)_\w+\{/.test(line));
}

test('SRC16: every scope has its last success, age, held, counters and next attempt', async () => {
  const scope = scopeStatus({
    ...{ scope: 'dc1/web', state: 'failing', error: 'refused', failures: 2 },
    ...{ instances: 5, held: 3, dropped: 1, at: NOON - 61_000, nextAttempt: NOON + 5_000 },
  });
  const counters = { vms: { 'dc1/web': { reports: 9, changes: 4, errors: 2 } } };
  const lines = await linesOf({ scopes: () => figuresOf({ scopes: { vms: [scope] }, counters }) });
  const labels = '{source="vms",scope="dc1/web"}';
  expect(lines).toEqual([
    `muster_source_scope_last_success_timestamp_seconds${labels} ${NOON / 1000 - 61}`,
    `muster_source_scope_age_seconds${labels} 61`,
    `muster_source_scope_instances${labels} 5`,
    `muster_source_scope_held${labels} 3`,
    `muster_source_scope_dropped${labels} 1`,
    `muster_source_scope_up${labels} 0`,
    `muster_source_scope_failures${labels} 2`,
    `muster_source_scope_next_attempt_timestamp_seconds${labels} ${NOON / 1000 + 5}`,
    `muster_source_changes_total${labels} 4`,
    `muster_source_errors_total${labels} 2`,
  ]);
});

test('a scope that was never read has no age, and is not up', async () => {
  const scope = scopeStatus({ at: undefined });
  const lines = await linesOf({ scopes: () => figuresOf({ scopes: { vms: [scope] } }) });
  expect(lines.filter((line) => /age_seconds|last_success|next_attempt/.test(line))).toEqual([]);
  expect(lines).toContain('muster_source_scope_up{source="vms",scope="a.yaml"} 0');
});

test('a scope that ends leaves no line behind', async () => {
  let scopes = [scopeStatus(), scopeStatus({ scope: 'b.yaml' })];
  const { registry } = createMetrics({ ...NO_GAUGES, scopes: () => figuresOf({ scopes: { vms: scopes } }) });
  expect(await registry.metrics()).toContain('scope="b.yaml"');
  scopes = [scopeStatus()];
  const text = await registry.metrics();
  expect(text).toContain('scope="a.yaml"');
  expect(text).not.toContain('b.yaml');
});

test('a scrape that fails does not keep the next one from its figures', async () => {
  let fails = true;
  const scopes = () => {
    if (fails) throw new Error('no figures');
    return figuresOf({ scopes: { vms: [scopeStatus()] } });
  };
  const { registry } = createMetrics({ ...NO_GAUGES, scopes });
  await expect(registry.metrics()).rejects.toThrow('no figures');
  fails = false;
  expect(await registry.metrics()).toContain('muster_source_scope_up{source="vms",scope="a.yaml"} 1');
});

test('scrapes at the same time each have all figures', async () => {
  const scopes = () => figuresOf({ scopes: { vms: [scopeStatus()], spare: [scopeStatus()] } });
  const { registry } = createMetrics({ ...NO_GAUGES, scopes });
  const [one, two] = await Promise.all([registry.metrics(), registry.metrics()]);
  const linesIn = (text: string) => text.split('\n').filter((line) => line.includes('scope="a.yaml"'));
  expect(linesIn(one).length).toBeGreaterThan(16);
  expect(linesIn(two)).toEqual(linesIn(one));
});

test('nothing in the name of a scope breaks a line', async () => {
  const odd = 'a"b\\c\nmuster_source_scope_up{} 1';
  const lines = await linesOf({
    scopes: () => figuresOf({ scopes: { vms: [scopeStatus({ scope: odd })] } }),
  });
  expect(lines).toContain(
    'muster_source_scope_up{source="vms",scope="a\\"b\\\\c\\nmuster_source_scope_up{} 1"} 1',
  );
});

test('SRC16: unused and failing are told apart; held endpoints show by service', async () => {
  const sourceStates = () =>
    new Map([
      ['spare', 'unused'],
      ['vms', 'failing'],
    ]);
  const lines = await linesOf({ sourceStates, heldServices: () => new Map([['web', 3]]) });
  expect(lines).toEqual([
    'muster_source_state{source="spare",state="unused"} 1',
    'muster_source_state{source="vms",state="failing"} 1',
    'muster_service_held{service="web"} 3',
  ]);
});

describe('a source with more than 2,000 scopes', () => {
  const many = (count: number, changes: object = {}) =>
    Array.from({ length: count }, (_, n) =>
      scopeStatus({ scope: `s${n}`, instances: 2, at: NOON - n * 1_000, ...changes }),
    );

  it('is one line: sums, the worst age and failures, the next attempt of all', () => {
    const last = scopeStatus({
      scope: 'x',
      at: undefined,
      failures: 7,
      error: 'refused',
      nextAttempt: NOON + 9_000,
    });
    const scopes = { vms: [...many(2_000, { nextAttempt: NOON + 60_000 }), last], spare: many(2_000) };
    const figures = figuresOf({ scopes });
    expect(figures).toHaveLength(2_001);
    expect(figures.find(({ source }) => source === 'vms')).toEqual({
      ...{ source: 'vms', scope: '', instances: 4_000, held: 0, dropped: 0, up: 2_000, failures: 7 },
      ...{ lastSuccess: NOON / 1000 - 1_999, age: 1_999, nextAttempt: NOON / 1000 + 9 },
      ...{ changes: 0, errors: 0 },
    });
  });

  it('has counters that never go down while scopes come and go', () => {
    const read = scopeFigures();
    const totalWith = (counters: Readonly<Record<string, number>>): number | undefined => {
      const counted = Object.entries(counters).map(([scope, changes]) => [
        scope,
        { reports: changes, changes, errors: 0 },
      ]);
      const facts = { scopes: { vms: many(2_001) }, counters: { vms: Object.fromEntries(counted) } };
      return figuresOf(facts, read)[0]?.changes;
    };
    expect(totalWith({ a: 5, b: 2 })).toBe(7);
    expect(totalWith({ b: 3 })).toBe(8);
    expect(totalWith({ a: 1, b: 3 })).toBe(9);
    expect(totalWith({ a: 2, b: 1 })).toBe(11);
  });
});
