import { expect, test } from 'vitest';
import { type Budget, createBudget } from '../../src/aws/budget.ts';
import { manualClock } from '../discovery/manual-clock.ts';

function timesOf(budget: Budget, clock: { now(): number }, count: number): number[] {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) void budget.take(undefined).then(() => times.push(clock.now()));
  return times;
}

test('SRC9: never more than two calls in any second, in the order asked', async () => {
  const clock = manualClock();
  const times = timesOf(createBudget(clock), clock, 6);
  await clock.advance(10_000);
  expect(times).toEqual([0, 500, 1000, 1500, 2000, 2500]);
});

test('FAULT6: throttled, one call in 5 s, until one is answered', async () => {
  const clock = manualClock();
  const budget = createBudget(clock);
  const times = timesOf(budget, clock, 4);
  await clock.advance(0);
  budget.throttled();
  await clock.advance(10_000);
  expect(times).toEqual([0, 5_000, 10_000]);
  budget.answered();
  await clock.advance(5_000);
  const more = timesOf(budget, clock, 2);
  await clock.advance(1_000);
  expect([...times.slice(3), ...more]).toEqual([15_000, 15_500, 16_000]);
});

test('who gives up is not counted, and those behind go on', async () => {
  const clock = manualClock();
  const budget = createBudget(clock);
  await budget.take(undefined);
  const gone = new AbortController();
  const refused = budget.take(gone.signal).catch((error: unknown) => error);
  const times = timesOf(budget, clock, 1);
  gone.abort(new Error('gone'));
  await clock.advance(500);
  expect(await refused).toEqual(new Error('gone'));
  expect(times).toEqual([500]);
});

test('a clock that is set back does not stop the calls', async () => {
  let now = 3_600_000;
  const clock = manualClock();
  const budget = createBudget({ now: () => now + clock.now(), after: clock.after });
  await budget.take(undefined);
  now = 0;
  const times = timesOf(budget, clock, 1);
  await clock.advance(1_000);
  expect(times).toHaveLength(1);
});

test('after a rest a burst goes at once, then two calls a second; not while throttled', async () => {
  const clock = manualClock();
  const budget = createBudget(clock, { burst: 3 });
  const times = timesOf(budget, clock, 5);
  await clock.advance(2_000);
  expect(times).toEqual([0, 0, 0, 500, 1000]);
  await clock.advance(10_000);
  const later = timesOf(budget, clock, 4);
  await clock.advance(1_000);
  expect(later).toEqual([12_000, 12_000, 12_000, 12_500]);
  await clock.advance(60_000);
  budget.throttled();
  const slow = timesOf(budget, clock, 3);
  await clock.advance(10_000);
  expect(slow).toEqual([73_000, 78_000, 83_000]);
});
