import fc from 'fast-check';
import { expect, test } from 'vitest';
import { World } from '../../src/fleet/world.ts';
import { complete, configOf, failure, instance, service, source, sourceKinds } from './fixtures.ts';

const NAMES = ['a', 'b', 'both'];
const CONFIG = configOf({
  sources: [source('dc'), source('vms')],
  services: [service('a', ['dc']), service('b', ['vms']), service('both', ['dc', 'vms'])],
});

const some = fc.record({
  of: fc.constantFrom(...NAMES),
  id: fc.integer({ min: 1, max: 5 }),
  health: fc.constantFrom('HEALTHY' as const, 'DRAINING' as const),
});
const held = fc.uniqueArray(some, { maxLength: 5, selector: ({ of, id }) => `${of} ${id}` });
const report = fc.record({
  source: fc.constantFrom('dc', 'vms'),
  scope: fc.constantFrom('x', 'y'),
  fails: fc.boolean(),
  stated: fc.boolean(),
  held,
});
type Told = typeof report extends fc.Arbitrary<infer T> ? T : never;

const told = ({ scope, fails, stated, held: all }: Told) =>
  fails
    ? failure(scope)
    : complete(
        scope,
        all.map(({ of, id, health }) => instance(of, id, { health })),
        stated ? 'stated' : undefined,
      );

function newWorld(): World {
  const world = new World();
  world.configure(CONFIG, sourceKinds);
  return world;
}

const seen = (world: World) => Object.fromEntries(NAMES.map((name) => [name, world.endpoints(name)]));

test('SRC3: no failure, whatever came before it, changes an endpoint', () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const world = newWorld();
      for (const [now, one] of reports.entries()) {
        const before = seen(world);
        world.put(one.source, told(one), now * 1_000);
        if (one.fails) expect(seen(world)).toEqual(before);
      }
    }),
    { numRuns: 500 },
  );
});

test('a report answers the services whose endpoints or knowledge changed, and no other once all is known', () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const world = newWorld();
      for (const [now, one] of reports.entries()) {
        const before = seen(world);
        const fresh = !world.isKnown(one.source);
        const changed = world.put(one.source, told(one), now * 1_000);
        const after = seen(world);
        const differ = NAMES.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
        if (fresh) expect(changed).toEqual(expect.arrayContaining(differ));
        else expect([...changed].sort()).toEqual(differ);
      }
    }),
    { numRuns: 500 },
  );
});

test('SRC1: with reasons stated, the last complete report of each scope is all that counts', () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const [world, fresh] = [newWorld(), newWorld()];
      const last = new Map<string, Told>();
      for (const one of reports) {
        if (one.fails) continue;
        world.put(one.source, told({ ...one, stated: true }), 0);
        last.set(`${one.source} ${one.scope}`, { ...one, stated: true });
      }
      for (const one of [...last.values()].reverse()) fresh.put(one.source, told(one), 0);
      expect(seen(world)).toEqual(seen(fresh));
    }),
    { numRuns: 500 },
  );
});

test('SRC2: without a reason no report takes away more than half and at least three, or the last one', () => {
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const world = newWorld();
      for (const one of reports) {
        const before = live(world, one.source, one.scope);
        world.put(one.source, told({ ...one, stated: false, held: one.held.map(healthy) }), 0);
        const lost = before - live(world, one.source, one.scope);
        expect(lost >= 3 && lost > before / 2).toBe(false);
        expect(before > 0 && lost === before).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

const healthy = (one: Told['held'][number]) => ({ ...one, health: 'HEALTHY' as const });

/** Live instances believed to be in a scope. */
function live(world: World, of: string, scope: string): number {
  return (world.believed(of, scope)?.instances ?? []).filter(({ health }) => health === 'HEALTHY').length;
}
