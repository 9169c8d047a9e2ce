import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Poller,
  type PollOptions,
  type PollResult,
  RetryLater,
  throttledWaitMs,
} from '../../src/discovery/poll.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

describe('Poller (SRC5)', () => {
  let clock: ManualClock;
  let controller: AbortController;
  let results: PollResult<number>[];
  let done: Promise<void>;

  const start = (refresh: PollOptions<number>['refresh'], more: Partial<PollOptions<number>> = {}) => {
    const poller = new Poller({ refresh, intervalMs: 10_000, clock, random: () => 0.5, ...more });
    done = (async () => {
      for await (const result of poller.results(controller.signal)) results.push(result);
    })();
    return poller;
  };

  beforeEach(() => {
    clock = manualClock();
    controller = new AbortController();
    results = [];
  });
  afterEach(async () => {
    controller.abort();
    await done;
    expect(clock.pending).toBe(0);
  });

  test('refreshes at once, then every interval, and says when next', async () => {
    let count = 0;
    const poller = start(async () => ++count);
    await clock.advance(0);
    expect(results).toEqual([{ kind: 'value', value: 1, nextAttempt: 10_000 }]);
    expect(poller.nextAttempt).toBe(10_000);
    await clock.advance(9_999);
    expect(results).toHaveLength(1);
    await clock.advance(1);
    expect(results).toHaveLength(2);
  });

  test('backs off 0.5 s x 2 up to 60 s, and starts anew after a success', async () => {
    let broken = true;
    const started: number[] = [];
    start(async () => {
      started.push(clock.now());
      if (broken) throw new Error('no');
      return 1;
    });
    await clock.advance(200_000);
    const waits = started.slice(1).map((at, n) => at - (started[n] ?? 0));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    broken = false;
    await clock.advance(60_000);
    broken = true;
    await clock.advance(4_000);
    expect(results.at(-1)).toMatchObject({ kind: 'failure', failures: 2 });
  });

  test.for([
    [0, 250, 9000],
    [0.999, 750, 10_998],
  ] as const)('spreads: random %f', async ([random, retry, interval]) => {
    let count = 0;
    start(async () => (++count === 1 ? Promise.reject(new Error('no')) : count), { random: () => random });
    await clock.advance(retry);
    expect(results.map((result) => result.nextAttempt)).toEqual([retry, retry + interval]);
  });

  test('a refresh past its deadline is a failure, whether it listens or not', async () => {
    let stopped = false;
    const refresh = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      return new Promise<number>(() => undefined);
    };
    start(refresh, { deadlineMs: 3000 });
    await clock.advance(3000);
    expect(stopped).toBe(true);
    expect(results).toMatchObject([{ kind: 'failure', error: { message: 'no answer within 3 s' } }]);
  });

  test('a wake refreshes now, and during a refresh right after it', async () => {
    let count = 0;
    const poller = start(async () => {
      if (++count === 2) poller.wake();
      return count;
    });
    await clock.advance(0);
    poller.wake();
    await clock.advance(0);
    expect(count).toBe(3);
  });

  test('a wake does not cut a back-off', async () => {
    const poller = start(async () => Promise.reject(new Error('no')));
    await clock.advance(0);
    poller.wake();
    await clock.advance(499);
    expect(results).toHaveLength(1);
    await clock.advance(1);
    expect(results).toHaveLength(2);
  });

  test('again: the result asks for an earlier look', async () => {
    start(async () => 7, { again: (value) => value });
    await clock.advance(14);
    expect(results).toHaveLength(3);
  });

  test('panic guard: what throws outside a promise, or throws no error, is a failure like others', async () => {
    const faults: unknown[] = [new TypeError('undefined is not iterable'), 'text', undefined];
    let count = 0;
    start(() => {
      const fault = faults[count++];
      if (count <= faults.length) throw fault;
      return Promise.resolve(count);
    });
    await clock.advance(4000);
    expect(
      results.map((result) => (result.kind === 'failure' ? result.error.message : result.value)),
    ).toEqual(['undefined is not iterable', 'text', 'undefined', 4]);
  });

  test('panic guard: `again` that throws is a failure, and the loop goes on', async () => {
    const again = () => {
      throw new Error('again');
    };
    start(async () => 1, { again });
    await clock.advance(500);
    expect(results.map(({ kind }) => kind)).toEqual(['failure', 'failure']);
  });

  test('a refresh that fails after its deadline is no unhandled rejection', async () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    const late = Promise.withResolvers<number>();
    start(() => late.promise, { deadlineMs: 1000 });
    await clock.advance(1000);
    late.reject(new Error('late'));
    await clock.advance(1);
    process.off('unhandledRejection', onRejection);
    expect(results).toMatchObject([{ kind: 'failure', error: { message: 'no answer within 1 s' } }]);
    expect(rejections).toEqual([]);
  });

  test('429: waits as long as the error asks for, and at most an hour', async () => {
    const asks = [90_000, 10 ** 12, Number.NaN, -5];
    start(async () => {
      throw new RetryLater('the server asks for patience', asks.shift() ?? 0);
    });
    await clock.advance(90_000 + 3_600_000 + 2000);
    const at = results.map(({ nextAttempt }) => nextAttempt);
    expect(at).toEqual([90_000, 3_690_000, 3_692_000, 3_696_000]);
  });

  test.for([
    [0, 60_000],
    [0.5, 150_000],
    [0.999_999_9, 240_000],
  ] as const)('429: 60 to 240 s, random %f', ([random, wait]) => {
    expect(throttledWaitMs(() => random)).toBe(wait);
  });

  test('the next attempt is known while it waits, and not while it works', async () => {
    let seen: number | undefined = -1;
    const poller = start(async () => {
      await Promise.resolve(); // The poller has a name by then.
      seen = poller.nextAttempt;
      return 1;
    });
    await clock.advance(10_000);
    expect(seen).toBeUndefined();
    expect(poller.nextAttempt).toBe(20_000);
  });

  test('cancelled in the middle of a refresh, it ends at once and says nothing more', async () => {
    start(() => new Promise<number>(() => undefined));
    await clock.advance(10);
    controller.abort();
    await done;
    expect(results).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
