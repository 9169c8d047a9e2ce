/** Looking again costs the store nothing where it knows better; a timer of weeks would overflow. */
const LONGEST_WAIT_MS = 3_600_000;
/** A timer may fire a little before its time: that look is the one of its slot. */
const EARLY_MS = 50;
/** The golden ratio's fraction: the next of its multiples always falls into the largest gap between the earlier ones. */
const STEP = 0.618_033_988_749_895;

/** Phases in [0, 1), spread evenly however many are taken; `first` differs between replicas. */
export function createPhases(first: number): () => number {
  let last = first;
  return () => {
    last = (last + STEP) % 1;
    return last;
  };
}

/**
 * When one secret is looked at. After the first read, which all secrets have at once, it waits its
 * own share of the interval, and from then on keeps its place: a thousand secrets stay spread
 * evenly, however long reads take.
 */
export class ReadSlots {
  readonly #phase: number;
  #everyMs: number | undefined;
  #nextAt = 0;

  constructor(phase: number) {
    this.#phase = phase;
  }

  /** Milliseconds to wait, from 1 up to `everyMs`, whatever the clock did. */
  wait(now: number, everyMs: number): number {
    const most = Math.max(1, Math.min(everyMs, LONGEST_WAIT_MS));
    if (this.#everyMs !== everyMs) {
      this.#nextAt = now + Math.round(this.#everyMs === undefined ? this.#phase * most : most);
      this.#everyMs = everyMs;
    } else {
      const missed = Math.floor((now + Math.min(EARLY_MS, most / 10) - this.#nextAt) / most) + 1;
      this.#nextAt += Math.max(0, missed) * most;
      // The clock was put back.
      if (this.#nextAt - now > most) this.#nextAt = now + most;
    }
    return Math.max(1, Math.round(this.#nextAt - now));
  }
}
