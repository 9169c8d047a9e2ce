import { describe, expect, test } from 'vitest';
import {
  type GuardOutcome,
  type GuardState,
  guardReport,
  guardTick,
  holdEnds,
  releaseGuard,
  restoreGuard,
} from '../../src/discovery/guard.ts';
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
    const previous = from === undefined ? undefined : restoreGuard(some(from));
    const outcome = guardReport(previous, { instances: some(to) }, 0);
    expect(outcome.held).toHaveLength(held);
    expect(outcome.instances).toHaveLength(to + held);
  });

  test('what is held is served DEGRADED, what is reported as it is', () => {
    const { instances } = guardReport(restoreGuard(some(5)), { instances: some(1) }, 0);
    expect(instances.map((instance) => instance.health)).toEqual(['HEALTHY', ...Array(4).fill('DEGRADED')]);
  });

  test('a stated reason is never held', () => {
    expect(guardReport(restoreGuard(some(9)), { instances: [], reason: 'stated' }, 0).instances).toEqual([]);
  });

  test.for<Health>(['DRAINING', 'UNHEALTHY'])('instances seen %s are let go', (health) => {
    expect(guardReport(restoreGuard(some(9, health)), { instances: [] }, 0).instances).toEqual([]);
  });

  test('a rolling replacement is no loss', () => {
    const next = some(5).map((instance) => ({ ...instance, id: `new-${instance.id}` }));
    expect(guardReport(restoreGuard(some(5)), { instances: next }, 0).held).toEqual([]);
  });

  test('3 equal reads over at least 60 s release', () => {
    const first = report(restoreGuard(some(9)), 0, 0);
    const second = report(first.state, 0, 10_000);
    const third = report(second.state, 0, 30_000);
    expect([first, second, third].map((outcome) => outcome.held.length)).toEqual([9, 9, 9]);
    expect(report(third.state, 0, MINUTE).instances).toEqual([]);
  });

  test('two reads are not enough, however far apart', () => {
    const first = report(restoreGuard(some(9)), 0, 0);
    expect(report(first.state, 0, 5 * MINUTE).held).toHaveLength(9);
  });

  test('a different read starts the count again, but not the 10 minutes', () => {
    const first = report(restoreGuard(some(9)), 0, 0);
    const second = report(first.state, 1, 50_000);
    const third = report(second.state, 1, 70_000);
    const fourth = report(third.state, 1, 80_000);
    expect(fourth.held).toHaveLength(8);
    expect(holdEnds(fourth.state)).toBe(10 * MINUTE);
    expect(report(fourth.state, 2, 10 * MINUTE).held).toEqual([]);
  });

  test('what comes back ends the hold', () => {
    const first = report(restoreGuard(some(9)), 0, 0);
    const back = report(first.state, 9, 1000);
    expect(back.instances).toEqual(some(9));
    expect(back.state.hold).toBeUndefined();
  });

  test('the clock alone releases after 10 minutes', () => {
    const { state } = report(restoreGuard(some(9)), 1, 0);
    expect(guardTick(state, 10 * MINUTE - 1).held).toHaveLength(8);
    expect(guardTick(state, 10 * MINUTE).instances).toHaveLength(1);
  });

  test('released by hand', () => {
    const { state } = report(restoreGuard(some(9)), 1, 0);
    expect(releaseGuard(state)).toEqual({ instances: some(1), held: [], state: { believed: some(1) } });
  });
});

function report(state: GuardState, left: number, now: number): GuardOutcome {
  return guardReport(state, { instances: some(left) }, now);
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
