/** A login that failed. */
export interface LoginFailure {
  readonly error: unknown;
  /** Not tried again before. */
  readonly until: number;
  /** Of what was logged in with. */
  readonly stamp: string;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const LEAST_RETRY_MS = 100;

/** The wait after the n-th failure in a row (1, 2, ...): up to 1 s doubling to 60 s, with full jitter. */
export function retryAfterMs(failures: number, random: () => number): number {
  const most = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS);
  return Math.max(most * random(), LEAST_RETRY_MS);
}

/** What is left to wait; a clock that was set back makes it no longer. */
export function leftMs({ until }: LoginFailure, now: number): number {
  const left = until - now;
  return left > LAST_RETRY_MS ? 0 : left;
}
