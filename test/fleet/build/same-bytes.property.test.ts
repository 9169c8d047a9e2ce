import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Life, SECRETS, type Shape, SOURCES, type Step } from './life.ts';

const SERVICES = ['a', 'b', 'c', 'd'];
const LISTENERS = ['web', 'shop'];
const GROUPS = ['edge', 'core'];

const some = (names: readonly string[]) => fc.subarray([...names], { minLength: 1 });
const shapes: fc.Arbitrary<Shape> = fc.record({
  services: fc.tuple(
    ...SERVICES.map((name) =>
      fc.record({
        name: fc.constant(name),
        from: fc.subarray([...SOURCES]),
        http2: fc.boolean(),
        priority: fc.constantFrom(0, 1),
        inline: fc.subarray([98, 99]),
      }),
    ),
  ),
  line: fc.constantFrom(1, 2),
  secrets: fc.subarray([...SECRETS]),
  routes: fc.array(fc.record({ on: some(LISTENERS), to: some(SERVICES) }), { maxLength: 3 }),
  groups: fc.tuple(fc.subarray([...LISTENERS]), some(LISTENERS), fc.boolean()).map(([edge, core, both]) =>
    [
      { name: 'edge', listeners: edge },
      { name: 'core', listeners: core },
    ].slice(both ? 0 : 1),
  ),
});
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
const scope = fc.constantFrom('x', 'y');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit'), shape: shapes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('put'),
      source: fc.constantFrom(...SOURCES),
      scope,
      of: fc.constantFrom(...SERVICES),
      ids,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fail'), source: fc.constantFrom(...SOURCES), scope }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('secret'),
      name: fc.constantFrom(...SECRETS),
      version: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('build'), group: fc.constantFrom(...GROUPS) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      ms: fc.constantFrom(1_000, 61_000),
      settled: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'sweep' as const }) },
);
const lives = fc.tuple(shapes, fc.array(step, { minLength: 5, maxLength: 40 }));

test('cells and structure give the same bytes: a life of changes ends where a fresh build starts', () => {
  fc.assert(
    fc.property(lives, ([first, steps]) => {
      const life = new Life(first);
      for (const one of steps) life.take(one);
      life.settle();
      const fresh = life.fresh();
      for (const name of life.config.groups.keys()) {
        expect(life.rig.held(name)).toEqual(fresh.held(name));
        expect(life.rig.published(name)).toEqual(life.rig.held(name));
        expect(life.rig.origins(name)).toEqual(fresh.origins(name));
      }
    }),
    { numRuns: 300 },
  );
});

test('cells and structure give the same bytes: a full build right after a build of cells finds nothing to do', () => {
  fc.assert(
    fc.property(lives, ([first, steps]) => {
      const life = new Life(first);
      for (const one of steps) {
        life.take(one);
        if (one.kind !== 'build' || !life.config.groups.has(one.group)) continue;
        const { builder } = life.rig;
        builder.sweep();
        expect(builder.build(one.group, life.now)).toEqual({ kind: 'unchanged' });
      }
    }),
    { numRuns: 200 },
  );
});

test('FLEET3: two builders with the same inputs, in another order, give identical bytes and versions', () => {
  fc.assert(
    fc.property(shapes, fc.array(step, { maxLength: 20 }), (shape, steps) => {
      const [one, other] = [new Life(shape), new Life(backwards(shape))];
      for (const change of steps) if (change.kind !== 'edit') one.take(change);
      one.settle();
      other.adopt(one);
      for (const name of one.config.groups.keys()) expect(other.rig.held(name)).toEqual(one.rig.held(name));
    }),
    { numRuns: 100 },
  );
});

function backwards(shape: Shape): Shape {
  const { services, groups } = shape;
  return {
    ...shape,
    services: services.toReversed(),
    groups: groups.map(({ name, listeners }) => ({ name, listeners: listeners.toReversed() })).toReversed(),
  };
}
