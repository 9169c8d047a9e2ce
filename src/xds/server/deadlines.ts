import type { XdsTiming } from './options.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Why a stream's time is up. `stuck`: the client does not take what was written, or does not end its side. */
export type Expiry = 'stuck' | 'timeout' | 'waited in vain' | 'old';

export interface StreamSpan {
  readonly ageMs: number;
  readonly timeoutMs: number;
}

/** The moments at which time alone ends one stream; all in milliseconds of the server's clock. */
export class Deadlines {
  readonly #timing: XdsTiming;
  readonly #oldAt: number;
  readonly #timeoutAt: number;
  #waitUntil: number;
  #blockedSince = NEVER;
  #ended = false;

  constructor(opened: number, { ageMs, timeoutMs }: StreamSpan, timing: XdsTiming) {
    this.#timing = timing;
    this.#oldAt = opened + ageMs;
    this.#timeoutAt = opened + timeoutMs;
    this.#waitUntil = opened + timing.firstMessageMs;
  }

  /** Waits for something until then: the first message, then the first snapshot. */
  waitFor(until: number): void {
    this.#waitUntil = until;
  }

  waitNoMore(): void {
    this.#waitUntil = NEVER;
  }

  /** The server has ended the call: only the client's side is still awaited. */
  ending(): void {
    this.#ended = true;
  }

  /** `backlogged`: something written has not left the process. */
  expired(now: number, backlogged: boolean): Expiry | undefined {
    if (!this.#ended && !backlogged) this.#blockedSince = NEVER;
    else if (this.#blockedSince === NEVER) this.#blockedSince = now;
    if (now - this.#blockedSince >= this.#timing.stuckMs) return 'stuck';
    if (this.#ended) return undefined;
    if (now >= this.#timeoutAt) return 'timeout';
    if (now >= this.#waitUntil) return 'waited in vain';
    return now >= this.#oldAt ? 'old' : undefined;
  }
}
