import { type Clock, retryDelayMs, sleep } from '../../clock.ts';
import { askedWaitMs } from '../poll.ts';
import type { Answer } from './answer.ts';
import type { Asking } from './client.ts';
import { failed } from './fault.ts';

/** An answer, and whether it came as an event: then what is gone from it was seen to go. */
export interface Told<T> {
  readonly value: T;
  readonly event: boolean;
  readonly filtered: boolean;
  /** The index went back: what is known may be of a state that was given up. */
  readonly isBack: boolean;
}

export interface BlockingOptions<T> {
  readonly ask: (asking: Asking) => Promise<Answer<T>>;
  /** Whether an answer names less than what was told last: then it is looked at twice. */
  readonly isLess: (value: T) => boolean;
  readonly isEmpty: (value: T) => boolean;
  /** How long this question may be held back. */
  readonly waitMs: () => number;
  /** Longest back-off; default that of all sources. */
  readonly mostBackoffMs?: number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Outcome<T> {
  readonly told?: Told<T> | undefined;
  readonly error?: Error | undefined;
  /** Epoch milliseconds; absent: asked again at once. */
  readonly nextAttempt?: number | undefined;
}

/** An index that moves with every answer must not make a storm of questions: two at once, then four a second. */
const BURST = 2;
const REFILL_MS = 250;

export const HIDDEN =
  'Consul hides something from this token that it showed before: it needs service:read and node:read for all of it';

/**
 * Whether what is missing may be there and is only not shown. A token that never saw everything is
 * shown less when something really went; that is told, without a reason, unless nothing is left.
 */
export function isHidden<T>(
  { value, filtered }: Answer<T>,
  wasFiltered: boolean,
  { isLess, isEmpty }: Pick<BlockingOptions<T>, 'isLess' | 'isEmpty'>,
): boolean {
  return filtered && isLess(value) && (!wasFiltered || isEmpty(value));
}

/**
 * One blocking query, repeated for ever (SRC5, SRC6). An index that goes back starts at 0, a
 * returned 0 counts as 1. An answer from a server without a leader, or one too far behind, is not
 * believed: it is asked once more, of the leader. So is a loss that comes with an index that went
 * back, or from an agent's view, which does not say whether there is a leader.
 */
export class BlockingQuery<T> {
  readonly #options: BlockingOptions<T>;
  #index = 0;
  #failures = 0;
  #wasFiltered = false;
  #tokens = BURST;
  #refilled: number;
  #pause: AbortController | undefined;
  #restart = new AbortController();

  constructor(options: BlockingOptions<T>) {
    this.#options = options;
    this.#refilled = options.clock.now();
  }

  /** Ends a back-off: the server is back. */
  retryNow(): void {
    if (this.#failures > 0) this.#pause?.abort();
  }

  /** The question that is held back, if there is one, is asked anew, as if for the first time; it is no event. */
  restart(): void {
    this.#index = 0;
    this.#restart.abort();
  }

  /** One round; the caller deals with it before the next. Ends early when `signal` aborts. */
  async next(signal: AbortSignal): Promise<Outcome<T>> {
    await this.#turn(signal);
    this.#restart = new AbortController();
    const restart = this.#restart.signal;
    try {
      const told = await this.#ask(AbortSignal.any([signal, restart]));
      this.#failures = 0;
      return { told };
    } catch (thrown) {
      if (restart.aborted && !signal.aborted) return this.next(signal);
      this.#failures += 1;
      this.#index = 0;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      return { error, nextAttempt: this.#options.clock.now() + this.#backoffMs(thrown) };
    }
  }

  /** Waits for the next attempt that a failure named. */
  async backOff(nextAttempt: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#pause = new AbortController();
    await sleep(Math.max(0, nextAttempt - clock.now()), AbortSignal.any([signal, this.#pause.signal]), clock);
    this.#pause = undefined;
  }

  async #ask(signal: AbortSignal): Promise<Told<T>> {
    const { ask, isLess, waitMs, clock } = this.#options;
    const before = this.#index;
    const due = clock.now() + waitMs();
    const first = await ask({ index: before, waitMs: waitMs(), mode: 'stale', signal });
    // A restored snapshot wakes who waits with what was before it, early and without anything new.
    const isBack = first.index < before || (first.index === before && before > 0 && clock.now() < due);
    const needsProof = !first.trusted || ((isBack || first.streamed) && isLess(first.value));
    const answer = needsProof ? await this.#fromLeader(signal) : first;
    if (isHidden(answer, this.#wasFiltered, this.#options)) throw failed(HIDDEN);
    this.#wasFiltered = answer.filtered;
    const event = before > 0 && first.index > before && first.trusted && !answer.filtered;
    // The leader's is no older than what was to be proved, so nothing is missed after the first's index.
    const { index } = first.trusted ? first : answer;
    this.#index = isBack || index < before ? 0 : Math.max(1, index);
    return { value: answer.value, event, filtered: answer.filtered, isBack };
  }

  async #fromLeader(signal: AbortSignal): Promise<Answer<T>> {
    const answer = await this.#options.ask({ index: 0, waitMs: 0, mode: 'consistent', signal });
    if (!answer.trusted) throw failed(`${answer.doubt}; what it said last stays`);
    return answer;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const now = clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#refilled) / REFILL_MS);
    this.#refilled = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) await sleep(-this.#tokens * REFILL_MS, signal, clock);
  }

  #backoffMs(thrown: unknown): number {
    const { random, mostBackoffMs = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(askedWaitMs(thrown), Math.min(mostBackoffMs, retryDelayMs(this.#failures, random)));
  }
}
