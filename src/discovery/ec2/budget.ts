import { type Clock, sleep, systemClock } from '../../clock.ts';

/** At most two calls a second for each account and region (design, section 6). */
const SPACING_MS = 500;
/** While EC2 throttles: its budget is shared with everything else in the account (FAULT6). */
const THROTTLED_SPACING_MS = 5_000;

export interface Budget {
  /** Resolves when the next call may be made; rejects when `signal` aborts first. */
  take(signal: AbortSignal | undefined): Promise<void>;
  /** EC2 said that it was too much. Holds until a call is answered. */
  throttled(): void;
  answered(): void;
}

/** Spaces calls out, in the order in which they were asked for. */
export function createBudget(clock: Clock = systemClock): Budget {
  let last = Number.NEGATIVE_INFINITY;
  let isThrottled = false;
  let turn: Promise<unknown> = Promise.resolve();

  const untilDue = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const spacing = isThrottled ? THROTTLED_SPACING_MS : SPACING_MS;
      // A clock that was set back must not hold calls for longer than the spacing.
      const wait = Math.min(last + spacing - clock.now(), spacing);
      if (wait <= 0) break;
      await sleep(wait, signal, clock);
      if (last > clock.now()) last = clock.now() - spacing;
    }
    last = clock.now();
  };
  return {
    take(signal = new AbortController().signal) {
      const mine = turn.then(() => untilDue(signal));
      turn = mine.catch(() => undefined);
      return mine;
    },
    throttled() {
      isThrottled = true;
    },
    answered() {
      isThrottled = false;
    },
  };
}
