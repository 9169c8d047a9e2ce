import type { Clock } from '../../src/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on, running what falls due on the way, in order, each followed by what it awaits. */
  advance(ms: number): Promise<void>;
  /** Puts the wall clock forward or back; timers take no notice. */
  step(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

/** A clock that stands until it is moved. */
export function manualClock(start = 0): ManualClock {
  let now = start;
  let stepped = 0;
  let timers: { readonly at: number; readonly task: () => void }[] = [];
  return {
    now: () => now + stepped,
    step(ms) {
      stepped += ms;
    },
    after(ms, task) {
      const timer = { at: now + Math.max(ms, 0), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((left, right) => left.at - right.at)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        now = due.at;
        due.task();
        await settle();
      }
      now = end;
    },
    get pending() {
      return timers.length;
    },
  };
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
