import { type Clock, sleep, systemClock } from '../clock.ts';

/** At most two calls a second in the long run for whatever shares a budget (design, section 6). */
const SPACING_MS = 500;
/** While AWS throttles: its own budget is shared with everything else in the account (FAULT6). */
const THROTTLED_SPACING_MS = 5_000;

export interface Budget {
  /** Resolves when the next call may be made; rejects when `signal` aborts first. */
  take(signal: AbortSignal | undefined): Promise<void>;
  /** AWS said that it was too much. Holds until a call is answered. */
  throttled(): void;
  answered(): void;
}

/** Spaces calls out, in the order in which they were asked for; after a rest `burst` of them go at once. */
export function createBudget(clock: Clock = systemClock, { burst = 1 } = {}): Budget {
  const saved = (burst - 1) * SPACING_MS;
  let last = Number.NEGATIVE_INFINITY;
  /** When all that was saved up is there again. */
  let full = Number.NEGATIVE_INFINITY;
  let isThrottled = false;
  let turn: Promise<unknown> = Promise.resolve();

  const untilDue = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      // A clock that was set back must not hold calls for longer than the spacing.
      if (last > clock.now()) forget();
      const wait = isThrottled ? last + THROTTLED_SPACING_MS - clock.now() : full - saved - clock.now();
      if (wait <= 0) break;
      await sleep(wait, signal, clock);
    }
    last = clock.now();
    full = Math.max(full, last) + SPACING_MS;
  };
  const forget = (): void => {
    last = clock.now() - THROTTLED_SPACING_MS;
    full = clock.now();
  };
  return {
    take(signal = new AbortController().signal) {
      const mine = turn.then(() => untilDue(signal));
      turn = mine.catch(() => undefined);
      return mine;
    },
    throttled() {
      isThrottled = true;
      full = Math.max(full, clock.now() + saved);
    },
    answered() {
      isThrottled = false;
    },
  };
}
