/** Time as a value: what waits or measures takes one, so that tests own it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `task` once after `ms`; the answer cancels it. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** The wait after the n-th failure in a row (1, 2, ...): 0.5 s doubling up to 60 s, spread by half either way (SRC5). */
export function retryDelayMs(failures: number, random: () => number): number {
  const doubled = FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20);
  return Math.round(Math.min(doubled, LAST_RETRY_MS) * (0.5 + random()));
}

/** Ends after `ms` or as soon as `signal` aborts; never throws. */
export function sleep(ms: number, signal: AbortSignal, clock: Clock = systemClock): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
