import { describe, expect, test } from 'vitest';
import { endpointGuard, type GuardState, holdEnds, instanceGuard } from '../../src/discovery/guard.ts';
import { type Health, type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

const MINUTE = 60_000;

describe('the shrink guard (SRC2)', () => {
  test.for([
    { name: 'the first report', from: undefined, to: 0, held: 0 },
    { name: 'no change', from: 10, to: 10, held: 0 },
    { name: 'half of them', from: 10, to: 5, held: 0 },
    { name: 'more than half', from: 10, to: 4, held: 6 },
    { name: 'more than half, yet only two', from: 3, to: 1, held: 0 },
    { name: 'the last one', from: 1, to: 0, held: 1 },
    { name: 'all (FAULT8)', from: 10, to: 0, held: 10 },
  ])('$name', ({ from, to, held }) => {
    const previous = from === undefined ? undefined : believing(some(from));
    const outcome = instanceGuard.report(previous, { items: some(to) }, 0);
    expect(heldBy(outcome.state)).toHaveLength(held);
    expect(outcome.items).toHaveLength(to + held);
  });

  test('what is held is served DEGRADED, what is reported as it is', () => {
    const { items } = instanceGuard.report(believing(some(5)), { items: some(1) }, 0);
    expect(items.map((instance) => instance.health)).toEqual(['HEALTHY', ...Array(4).fill('DEGRADED')]);
  });

  test('a stated reason is never held', () => {
    expect(instanceGuard.report(believing(some(9)), { items: [], excused: 'all' }, 0).items).toEqual([]);
  });

  test.for<Health>(['DRAINING', 'UNHEALTHY'])('instances seen %s are let go', (health) => {
    expect(instanceGuard.report(believing(some(9, health)), { items: [] }, 0).items).toEqual([]);
  });

  test('a rolling replacement is no loss', () => {
    const next = some(5).map((instance) => ({ ...instance, id: `new-${instance.id}` }));
    expect(heldBy(instanceGuard.report(believing(some(5)), { items: next }, 0).state)).toEqual([]);
  });

  test('3 equal reads over at least 60 s release', () => {
    const first = report(believing(some(9)), 0, 0);
    const second = report(first.state, 0, 10_000);
    const third = report(second.state, 0, 30_000);
    expect([first, second, third].map((outcome) => heldBy(outcome.state).length)).toEqual([9, 9, 9]);
    expect(report(third.state, 0, MINUTE).items).toEqual([]);
  });

  test('two reads are not enough, however far apart', () => {
    const first = report(believing(some(9)), 0, 0);
    expect(heldBy(report(first.state, 0, 5 * MINUTE).state)).toHaveLength(9);
  });

  test('a different read starts the count again, but not the 10 minutes', () => {
    const first = report(believing(some(9)), 0, 0);
    const second = report(first.state, 1, 50_000);
    const third = report(second.state, 1, 70_000);
    const fourth = report(third.state, 1, 80_000);
    expect(heldBy(fourth.state)).toHaveLength(8);
    expect(holdEnds(fourth.state)).toBe(10 * MINUTE);
    expect(heldBy(report(fourth.state, 2, 10 * MINUTE).state)).toEqual([]);
  });

  test('what comes back ends the hold', () => {
    const first = report(believing(some(9)), 0, 0);
    const back = report(first.state, 9, 1000);
    expect(back.items).toEqual(some(9));
    expect(back.state.hold).toBeUndefined();
  });

  test('the clock alone releases after 10 minutes', () => {
    const { state } = report(believing(some(9)), 1, 0);
    expect(heldBy(instanceGuard.tick(state, 10 * MINUTE - 1).state)).toHaveLength(8);
    expect(instanceGuard.tick(state, 10 * MINUTE).items).toHaveLength(1);
  });

  test('released by hand', () => {
    const { state } = report(believing(some(9)), 1, 0);
    expect(instanceGuard.release(state)).toEqual({
      items: some(1),
      state: { believed: some(1) },
      released: true,
    });
  });
});

describe('a loss with a reason of its own (SRC2)', () => {
  const ended = (...numbers: number[]) => {
    const ids = new Set(numbers.map((n) => `i-${n}`));
    return ({ id }: Instance) => ids.has(id);
  };

  test('those that were seen to end are let go, the others of the same report are held', () => {
    const excused = ended(0, 1, 2, 3);
    const { items, state } = instanceGuard.report(believing(some(10)), { items: some(0), excused }, 0);
    expect(heldBy(state).map(({ id }) => id)).toEqual(['i-4', 'i-5', 'i-6', 'i-7', 'i-8', 'i-9']);
    expect(items).toHaveLength(6);
  });

  test('a scale-in that the source saw is no shrink, however large', () => {
    const excused = ended(2, 3, 4, 5, 6, 7, 8, 9);
    const { items, state } = instanceGuard.report(believing(some(10)), { items: some(2), excused }, 0);
    expect([items.length, heldBy(state).length]).toEqual([2, 0]);
  });

  test('what is left is measured by what had no reason to go', () => {
    const excused = ended(5, 6, 7, 8, 9);
    const { state } = instanceGuard.report(believing(some(10)), { items: some(2), excused }, 0);
    expect(heldBy(state)).toHaveLength(3);
  });
});

test('endpoints of a service are told apart by address and port', () => {
  const endpoint = (port: number) => {
    return { address: '10.0.0.1', port, locality: NO_LOCALITY, health: 'HEALTHY', priority: 0 } as const;
  };
  const before = { believed: [1, 2, 3, 4].map(endpoint) };
  const { items } = endpointGuard.report(before, { items: [endpoint(1)] }, 0);
  expect(items.map(({ port, health }) => `${port} ${health}`)).toEqual([
    ...['1 HEALTHY', '2 DEGRADED', '3 DEGRADED', '4 DEGRADED'],
  ]);
});

test('the degraded form of an item is one object, and others stay as they are', () => {
  const [one] = some(1);
  const [draining] = some(1, 'DRAINING');
  if (one === undefined || draining === undefined) throw new Error('no instance');
  expect(instanceGuard.degrade(one)).toBe(instanceGuard.degrade(one));
  expect(instanceGuard.degrade(draining)).toBe(draining);
});

function report(state: GuardState<Instance>, left: number, now: number) {
  return instanceGuard.report(state, { items: some(left) }, now);
}

function believing(believed: readonly Instance[]): GuardState<Instance> {
  return { believed };
}

function heldBy(state: GuardState<Instance>): readonly Instance[] {
  return state.hold?.held ?? [];
}

function some(count: number, health: Health = 'HEALTHY'): Instance[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `i-${n}`,
    address: `10.0.0.${n + 1}`,
    ports: { '': 80 },
    locality: NO_LOCALITY,
    health,
    labels: {},
  }));
}
