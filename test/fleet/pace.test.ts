import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChangeKind, Pacer } from '../../src/fleet/pace.ts';

const LIMITS = { cells: { quiet: 20, most: 200 }, structure: { quiet: 50, most: 500 } } as const;
const KINDS = fc.constantFrom<ChangeKind>('cells', 'structure');

test('the first change of an idle group is built at once, be it the first ever or after a pause', () => {
  const pacer = new Pacer();
  expect(pacer.delay('edge', 0)).toBe(0);
  pacer.note('edge', 'structure', 100);
  expect(pacer.delay('edge', 100)).toBe(0);
  pacer.built('edge', 100);
  pacer.note('edge', 'structure', 150);
  expect(pacer.delay('edge', 150)).toBe(0);
});

test.each([
  ['cells', 20, 200],
  ['structure', 50, 500],
] as const)('a burst of %s waits for %i ms of quiet, and %i ms at most', (kind, quiet, most) => {
  const pacer = new Pacer();
  pacer.built('edge', 0);
  pacer.note('edge', kind, 1);
  expect(pacer.delay('edge', 1)).toBe(quiet);
  pacer.note('edge', kind, 11);
  expect(pacer.delay('edge', 11)).toBe(quiet);
  for (let now = 11; now < most; now += 10) pacer.note('edge', kind, now);
  expect(pacer.delay('edge', most - 4)).toBe(5);
  expect(pacer.delay('edge', most + 1)).toBe(0);
});

test('one change of structure makes the wait that of structure, whatever comes after it', () => {
  const pacer = new Pacer();
  pacer.built('edge', 0);
  pacer.note('edge', 'structure', 1);
  pacer.note('edge', 'cells', 2);
  expect(pacer.delay('edge', 2)).toBe(50);
});

test('groups wait apart, and what was forgotten is idle', () => {
  const pacer = new Pacer();
  pacer.built('edge', 0);
  pacer.built('core', 0);
  pacer.note('edge', 'cells', 1);
  expect(pacer.delay('core', 1)).toBe(0);
  pacer.forget('edge');
  pacer.note('edge', 'cells', 2);
  expect(pacer.delay('edge', 2)).toBe(0);
});

test('FAULT11: a clock that is set back or forward by ten minutes holds nothing up', () => {
  for (const step of [-600_000, 600_000]) {
    const pacer = new Pacer();
    pacer.built('edge', 1_000_000);
    pacer.note('edge', 'structure', 1_000_001);
    expect(pacer.delay('edge', 1_000_001 + step)).toBe(0);
    pacer.note('edge', 'structure', 1_000_001 + step);
    expect(pacer.delay('edge', 1_000_001 + step)).toBeLessThanOrEqual(50);
  }
});

test('no change waits longer than its limit, and none is built in the midst of a burst before it', () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), KINDS), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, (changes) => {
      const pacer = new Pacer();
      let now = 0;
      let first: number | undefined;
      let last = 0;
      let kind: ChangeKind = 'cells';
      let builtAt = Number.NEGATIVE_INFINITY;
      for (const [gap, next] of changes) {
        const due = first === undefined ? undefined : now + pacer.delay('edge', now);
        if (first !== undefined && due !== undefined && due <= now + gap) {
          const { quiet, most } = LIMITS[kind];
          expect(due - first).toBeLessThanOrEqual(most);
          const idle = first - builtAt >= quiet;
          expect(idle || due - last >= quiet || due - first === most).toBe(true);
          pacer.built('edge', due);
          builtAt = due;
          first = undefined;
          kind = 'cells';
        }
        now += gap;
        pacer.note('edge', next, now);
        first ??= now;
        last = now;
        if (next === 'structure') kind = 'structure';
      }
    }),
    { numRuns: 500 },
  );
});
