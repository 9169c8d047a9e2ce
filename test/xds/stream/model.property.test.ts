import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSnapshot, Pushes, type Resource, Snapshot, type TypeChanges } from '../../../src/xds/index.ts';
import { ModelClient } from './client.ts';
import { CDS, EDS, LDS, RDS } from './model.ts';
import type { Thing } from './things.ts';

const CLUSTERS = ['a', 'b', 'c', 'd'];
const TYPES = [CDS, EDS, LDS, RDS];

function make(name: string, version: number, clusters: readonly string[] = []): Resource {
  const thing: Thing = { name, version: `${version}${clusters.join('')}`, clusters };
  return { ...thing, bytes: Buffer.from(JSON.stringify(thing)) };
}

interface Plan {
  readonly clusters: readonly string[];
  readonly routes: readonly (readonly string[])[];
  readonly direct: readonly string[];
  readonly versions: readonly number[];
}

function resourcesOf({ clusters, routes, direct, versions }: Plan): ReadonlyMap<string, readonly Resource[]> {
  const [cds = 0, eds = 0, lds = 0, rds = 0] = versions;
  const present = (names: readonly string[]) => names.filter((name) => clusters.includes(name));
  return new Map([
    [CDS, clusters.map((name) => make(name, cds))],
    [EDS, clusters.map((name) => make(name, eds))],
    [LDS, [make('l', lds, present(direct))]],
    [RDS, routes.map((names, at) => make(`r${at}`, rds, present(names)))],
  ]);
}

/** The successor, as a builder makes it: shared with what was there. */
function successor(before: Snapshot, plan: Plan): Snapshot {
  const changes = [...resourcesOf(plan)].map(([typeUrl, set]): TypeChanges => {
    const names = new Set(set.map(({ name }) => name));
    return {
      typeUrl,
      set,
      remove: [...before.resources(typeUrl).names()].filter((name) => !names.has(name)),
    };
  });
  return before.with(changes);
}

const names = fc.subarray(CLUSTERS);
const plan: fc.Arbitrary<Plan> = fc.record({
  clusters: names,
  routes: fc.tuple(names, names),
  direct: names,
  versions: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
});
const target = fc.oneof(
  fc.record({ type: fc.constant(RDS), name: fc.constantFrom('r0', 'r1') }),
  fc.record({ type: fc.constant(EDS), name: fc.constantFrom(...CLUSTERS) }),
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const), plan }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), plan }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('ack' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nack' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stale' as const), type: fc.constantFrom(...TYPES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), target }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), target }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 9000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reconnect' as const),
      order: fc.shuffledSubarray(TYPES, { minLength: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(variant: 'sotw' | 'delta', steps: readonly Step[]): void {
  const client = new ModelClient(variant);
  const replicas = [new Pushes('one'), new Pushes('two')];
  let snapshot = successor(Snapshot.EMPTY, {
    clusters: ['a'],
    routes: [['a'], []],
    direct: [],
    versions: [0],
  });
  let replica = 0;
  const connect = (order: readonly string[]) => {
    client.connect(replicas[replica % 2] ?? new Pushes('none'), snapshot, order);
  };
  connect(TYPES);
  for (const one of steps) {
    if (one.do === 'publish') snapshot = successor(snapshot, one.plan);
    if (one.do === 'move') snapshot = createSnapshot(resourcesOf(one.plan));
    client.serve(snapshot);
    if (one.do === 'ack') client.answer(() => false);
    // A refused CDS is waited for no longer than 15 s, and a full SotW list cannot keep what a reconnect lost.
    if (one.do === 'nack') client.answer((type) => type === EDS || (variant === 'delta' && type !== CDS));
    if (one.do === 'stale') client.stale(one.type);
    if (one.do === 'subscribe') client.subscribe(one.target.type, one.target.name);
    if (one.do === 'unsubscribe') client.unsubscribe(one.target.type, one.target.name);
    if (one.do === 'pass') client.pass(one.time);
    if (one.do === 'reconnect') {
      if (variant === 'sotw') for (let round = 0; round < 4; round += 1) client.pass(6000);
      replica += 1;
      connect(one.order);
    }
  }
  for (const name of ['r0', 'r1']) client.subscribe(RDS, name);
  for (const name of CLUSTERS) client.subscribe(EDS, name);
  client.settle();
  snapshot = successor(snapshot, {
    clusters: ['b', 'c'],
    routes: [['b'], ['c']],
    direct: ['b'],
    // New to every client: what it refused before is not sent again, and would hold removals (O5).
    versions: [9, 9, 9, 9],
  });
  client.serve(snapshot);
  for (let round = 0; round < 6; round += 1) client.pass(6000);
  for (const type of TYPES) expect(held(client, type, snapshot, variant)).toEqual(served(snapshot, type));
}

function served(snapshot: Snapshot, type: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...snapshot.resources(type).values()].map(({ name, version }) => [name, version]),
  );
}

/** Endpoints cannot be removed by state of the world: there only those that exist are compared. */
function held(client: ModelClient, type: string, snapshot: Snapshot, variant: string): object {
  const all = [...(client.has.get(type)?.values() ?? [])];
  const seen =
    variant === 'sotw' && type === EDS ? all.filter(({ name }) => snapshot.resources(EDS).has(name)) : all;
  return Object.fromEntries(seen.map(({ name, version }) => [name, version]));
}

describe('a client at rest has what is served, and no route ever named a cluster it lacked (A4 A8 O5 O9)', () => {
  it.each(['delta', 'sotw'] as const)('%s', (variant) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => run(variant, steps)),
      { numRuns: 1000 },
    );
  });
});
