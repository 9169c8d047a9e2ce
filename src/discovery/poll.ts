import { type Clock, retryDelayMs, sleep, systemClock } from '../clock.ts';
import { MusterError } from '../errors.ts';

export interface PollOptions<T> {
  /**
   * Reads everything once. Its signal aborts with the watch and at the deadline. An error with a
   * number `retryAfterMs` asks for at least that wait (`RetryLater`, `throttledWaitMs`).
   */
  readonly refresh: (signal: AbortSignal) => Promise<T>;
  /** From the end of one refresh to the next, spread by `jitter`. */
  readonly intervalMs: number;
  /** One refresh may take this long; after that it counts as failed. Default 30 s. */
  readonly deadlineMs?: number | undefined;
  /** Share of the interval, either way. Default 0.1. */
  readonly jitter?: number | undefined;
  /** Asks for an earlier look after this result, in milliseconds. */
  readonly again?: ((value: T) => number | undefined) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

export type PollResult<T> =
  | { readonly kind: 'value'; readonly value: T; readonly nextAttempt: number }
  | {
      readonly kind: 'failure';
      readonly error: Error;
      readonly failures: number;
      readonly nextAttempt: number;
    };

/** A failure after which the other side asked to be left alone for a while. */
export class RetryLater extends MusterError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, cause?: unknown) {
    super('source_failed', message, { cause });
    this.name = 'RetryLater';
    this.retryAfterMs = retryAfterMs;
  }
}

/** How long a 429 keeps us away: all replicas at once are what it was for, so widely spread (SRC5). */
export function throttledWaitMs(random: () => number): number {
  return 60_000 + Math.round(180_000 * random());
}

/** Nobody keeps a source away for longer than this, whatever they ask for. */
const LONGEST_WAIT_MS = 3_600_000;

/** What the other side asked for, within reason; 0: nothing. */
export function askedWaitMs(thrown: unknown): number {
  if (typeof thrown !== 'object' || thrown === null || !('retryAfterMs' in thrown)) return 0;
  const { retryAfterMs } = thrown;
  if (typeof retryAfterMs !== 'number' || !(retryAfterMs > 0)) return 0;
  return Math.min(retryAfterMs, LONGEST_WAIT_MS);
}

/**
 * Repeats one refresh for ever (SRC5: never terminal). `results` ends when its signal aborts, with
 * no timer left; a failure is a result, followed by exponential back-off. `wake` asks for a refresh
 * now (during one: right after it), unless a failure's back-off is running, which it does not cut.
 */
export class Poller<T> {
  readonly #options: PollOptions<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  #woken = false;
  #wait: AbortController | undefined;
  #failures = 0;
  #nextAttempt: number | undefined;

  constructor(options: PollOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /** Epoch milliseconds of the next refresh; undefined before the first and while one runs. */
  get nextAttempt(): number | undefined {
    return this.#nextAttempt;
  }

  wake(): void {
    this.#woken = true;
    if (this.#failures === 0) this.#wait?.abort();
  }

  async *results(signal: AbortSignal): AsyncGenerator<PollResult<T>, void, void> {
    while (!signal.aborted) {
      this.#woken = false;
      this.#nextAttempt = undefined;
      const { outcome, delayMs } = await this.#attempt(signal);
      if (signal.aborted) return;
      const nextAttempt = this.#clock.now() + delayMs;
      this.#nextAttempt = nextAttempt;
      yield { ...outcome, nextAttempt };
      await this.#pause(nextAttempt - this.#clock.now(), signal);
    }
  }

  async #attempt(signal: AbortSignal) {
    try {
      const value = await this.#refreshInTime(signal);
      this.#failures = 0;
      const delayMs = this.#options.again?.(value) ?? this.#interval();
      return { outcome: { kind: 'value' as const, value }, delayMs };
    } catch (thrown) {
      this.#failures += 1;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const delayMs = Math.max(retryDelayMs(this.#failures, this.#random), askedWaitMs(thrown));
      return { outcome: { kind: 'failure' as const, error, failures: this.#failures }, delayMs };
    }
  }

  /** A refresh that ignores its signal must not hold the watch: the race goes on without it. */
  async #refreshInTime(signal: AbortSignal): Promise<T> {
    const deadlineMs = this.#options.deadlineMs ?? 30_000;
    const deadline = new AbortController();
    const stop = AbortSignal.any([signal, deadline.signal]);
    const cancel = this.#clock.after(deadlineMs, () =>
      deadline.abort(new Error(`no answer within ${deadlineMs / 1000} s`)),
    );
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(stop.reason);
    stop.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#options.refresh(stop), aborted.promise]);
    } finally {
      cancel();
      stop.removeEventListener('abort', onAbort);
    }
  }

  #interval(): number {
    const jitter = this.#options.jitter ?? 0.1;
    return Math.round(this.#options.intervalMs * (1 + jitter * (2 * this.#random() - 1)));
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#woken && this.#failures === 0) return;
    this.#wait = new AbortController();
    await sleep(ms, AbortSignal.any([signal, this.#wait.signal]), this.#clock);
    this.#wait = undefined;
  }
}
