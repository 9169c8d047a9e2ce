import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { until } from '../../parts/until.ts';
import { Bench, type QueueHarness } from './bench.ts';

/** What every driver of `ChangeQueue` does. */
export function testQueue(driver: string, harness: QueueHarness): void {
  const on = (run: (bench: Bench) => Promise<void>) => () => inBench(harness, run);

  describe(`${driver}: a queue`, () => {
    test(
      'is idle when nothing was marked',
      on(({ queue }) => queue.idle()),
    );

    test(
      'runs a group that was marked before anybody took jobs, once',
      on(async (bench) => {
        for (let mark = 0; mark < 100; mark += 1) bench.queue.markDirty('edge');
        bench.start();
        bench.finish('edge');
        await bench.queue.idle();
        expect(bench.runs).toEqual(['edge']);
      }),
    );

    test(
      'has at most one run of a group at once and one waiting, however many marks come',
      on(async (bench) => {
        bench.start();
        bench.queue.markDirty('edge');
        await bench.isRunning('edge');
        for (let mark = 0; mark < 1_000; mark += 1) bench.queue.markDirty('edge');
        bench.finish('edge');
        bench.finish('edge');
        await bench.queue.idle();
        expect(bench.runs).toEqual(['edge', 'edge']);
        expect(bench.mostAtOnce('edge')).toBe(1);
      }),
    );

    test(
      'a change during a run runs once more, after it',
      on(async (bench) => {
        bench.start();
        bench.queue.markDirty('edge');
        await bench.isRunning('edge');
        bench.queue.markDirty('edge');
        await turn();
        expect(bench.runs).toEqual(['edge']);
        bench.finish('edge');
        await until('the second run', () => bench.runs.length === 2);
        bench.finish('edge');
        await bench.queue.idle();
        expect(bench.runs).toHaveLength(2);
      }),
    );

    test(
      'a group that stands still does not hold up another',
      on(async (bench) => {
        bench.start();
        bench.queue.markDirty('edge');
        await bench.isRunning('edge');
        bench.queue.markDirty('core');
        bench.finish('core');
        await until('the other group to be done', () => bench.done.includes('core'));
        expect(bench.done).toEqual(['core']);
        bench.finish('edge');
        await bench.queue.idle();
      }),
    );

    test(
      'a run that fails is told and tried again',
      on(async (bench) => {
        bench.start();
        bench.fail('edge', 'no', 'not yet');
        bench.finish('edge');
        bench.queue.markDirty('edge');
        await until('the third run to end', () => bench.done.length === 1);
        await bench.queue.idle();
        expect(bench.runs).toEqual(['edge', 'edge', 'edge']);
        expect(bench.failures.map(({ group, error }) => [group, String(error)])).toEqual([
          ['edge', 'Error: no'],
          ['edge', 'Error: not yet'],
        ]);
        const [first, second] = bench.failures.map(({ retryInMs }) => retryInMs);
        expect(second).toBeGreaterThan(first ?? 0);
      }),
    );

    test(
      'changes that come while a retry waits join it: a poison group never spins',
      on(async (bench) => {
        bench.start();
        bench.fail('edge', 'poison');
        bench.queue.markDirty('edge');
        await bench.firstFailure();
        for (let mark = 0; mark < 1_000; mark += 1) bench.queue.markDirty('edge');
        expect(bench.runs).toHaveLength(1);
        bench.finish('edge');
        await bench.queue.idle();
        expect(bench.runs).toEqual(['edge', 'edge']);
      }),
    );

    test(
      'is not idle while a retry waits',
      on(async (bench) => {
        bench.start();
        bench.fail('edge', 'once');
        bench.finish('edge');
        bench.queue.markDirty('edge');
        await bench.queue.idle();
        expect(bench.done).toEqual(['edge']);
      }),
    );

    test(
      'close aborts the running ones and waits for them, and takes no more',
      on(async (bench) => {
        bench.start();
        bench.queue.markDirty('edge');
        await bench.isRunning('edge');
        const closed = bench.queue.close().then(() => bench.done.push('closed'));
        bench.queue.markDirty('core');
        expect(bench.signals.every(({ aborted }) => aborted)).toBe(true);
        await turn();
        expect(bench.done).toEqual([]);
        bench.finish('edge');
        await closed;
        await bench.queue.idle();
        expect(bench.done).toEqual(['edge', 'closed']);
        expect(bench.runs).toEqual(['edge']);
      }),
    );

    test(
      'a failure during close is not tried again',
      on(async (bench) => {
        bench.start();
        bench.queue.markDirty('edge');
        await bench.isRunning('edge');
        const closed = bench.queue.close();
        bench.fail('edge', 'stopped');
        await closed;
        await bench.queue.idle();
        expect(bench.failures).toEqual([]);
        expect(bench.runs).toEqual(['edge']);
      }),
    );

    test(
      'close ends a retry that waits',
      on(async (bench) => {
        bench.start();
        bench.fail('edge', 'no');
        bench.queue.markDirty('edge');
        await bench.firstFailure();
        await bench.queue.close();
        await bench.queue.idle();
        expect(bench.runs).toEqual(['edge']);
      }),
    );
  });
}

async function inBench(harness: QueueHarness, run: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench(harness);
  try {
    await run(bench);
  } finally {
    await bench.queue.close();
  }
}
