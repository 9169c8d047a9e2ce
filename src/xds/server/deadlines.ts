import type { XdsTiming } from './options.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Why a stream's time is up. `stuck`: the client does not take what was written, or does not end its side. */
export type Expiry = 'stuck' | 'timeout' | 'waited in vain' | 'old';

/** The moments at which time alone ends one stream; all in milliseconds of the server's clock. */
export interface Deadlines {
  /** Waits for something until then: the first message, then the first snapshot. */
  waitFor(until: number): void;
  waitNoMore(): void;
  /** The server has ended the call: only the client's side is still awaited. */
  ending(): void;
  /** `backlogged`: something written has not left the process. */
  expired(now: number, backlogged: boolean): Expiry | undefined;
}

export function createDeadlines(
  opened: number,
  span: { readonly ageMs: number; readonly timeoutMs: number },
  timing: XdsTiming,
): Deadlines {
  let waitUntil = opened + timing.firstMessageMs;
  let blockedSince = NEVER;
  let ended = false;

  function watchBacklog(now: number, backlogged: boolean): void {
    if (!ended && !backlogged) blockedSince = NEVER;
    else if (blockedSince === NEVER) blockedSince = now;
  }

  return {
    waitFor(until) {
      waitUntil = until;
    },
    waitNoMore() {
      waitUntil = NEVER;
    },
    ending() {
      ended = true;
    },
    expired(now, backlogged) {
      watchBacklog(now, backlogged);
      if (now - blockedSince >= timing.stuckMs) return 'stuck';
      if (ended) return undefined;
      if (now >= opened + span.timeoutMs) return 'timeout';
      if (now >= waitUntil) return 'waited in vain';
      return now >= opened + span.ageMs ? 'old' : undefined;
    },
  };
}
