import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryQueue } from '../../../src/fleet/queue/memory.ts';
import { testQueue } from './suite.ts';

testQueue('memory', {
  open: (onFailure) =>
    createMemoryQueue({
      backoffMs: 5,
      onFailure: (group, error, retryInMs) => onFailure({ group, error, retryInMs }),
    }),
});

afterEach(() => {
  vi.useRealTimers();
});

test('the wait after a failure doubles from half a second to a minute, and starts anew after a success', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const waits: number[] = [];
  const queue = createMemoryQueue({ onFailure: (_group, _error, wait) => void waits.push(wait) });
  let broken = true;
  queue.process(() => (broken ? Promise.reject(new Error('no')) : Promise.resolve()));
  queue.markDirty('edge');
  for (let failure = 0; failure < 10; failure += 1) await vi.advanceTimersToNextTimerAsync();
  expect(waits.slice(0, 9)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  broken = false;
  await vi.advanceTimersToNextTimerAsync();
  await queue.idle();
  broken = true;
  waits.length = 0;
  queue.markDirty('edge');
  await vi.advanceTimersToNextTimerAsync();
  expect(waits[0]).toBe(500);
  await queue.close();
  expect(vi.getTimerCount()).toBe(0);
});
