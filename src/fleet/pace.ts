/** What kind of change waits: endpoints and secrets (cells), or the config's structure. */
export type ChangeKind = 'cells' | 'structure';

interface Waiting {
  readonly kind: ChangeKind;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Quiet time and longest wait, in milliseconds (design: quiet time). */
const PACE: Readonly<Record<ChangeKind, { readonly quietMs: number; readonly mostMs: number }>> = {
  cells: { quietMs: 20, mostMs: 200 },
  structure: { quietMs: 50, mostMs: 500 },
};

/**
 * When a dirty group may be built: the first change at once when the group was idle, a burst after
 * it has been quiet, and never later than the longest wait. Values of `now` come from one clock.
 */
export class Pacer {
  readonly #waiting = new Map<string, Waiting>();
  readonly #builtAt = new Map<string, number>();

  note(group: string, kind: ChangeKind, now: number): void {
    const before = this.#waiting.get(group);
    const structure = kind === 'structure' || before?.kind === 'structure';
    this.#waiting.set(group, {
      kind: structure ? 'structure' : 'cells',
      firstAt: before?.firstAt ?? now,
      lastAt: now,
    });
  }

  /** Milliseconds until the group may be built; 0 also for a group that nothing was noted for. */
  delay(group: string, now: number): number {
    const waiting = this.#waiting.get(group);
    const builtAt = this.#builtAt.get(group);
    if (waiting === undefined || builtAt === undefined) return 0;
    if (now < waiting.lastAt) return 0; // the clock was set back: no wait can be told from it
    const { quietMs, mostMs } = PACE[waiting.kind];
    if (waiting.firstAt - builtAt >= quietMs) return 0;
    return Math.max(0, Math.min(waiting.lastAt + quietMs, waiting.firstAt + mostMs) - now);
  }

  /** The group is being built now: what was noted is in it. */
  built(group: string, now: number): void {
    this.#waiting.delete(group);
    this.#builtAt.set(group, now);
  }

  forget(group: string): void {
    this.#waiting.delete(group);
    this.#builtAt.delete(group);
  }
}
