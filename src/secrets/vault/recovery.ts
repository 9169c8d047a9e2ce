import type { Clock } from '../../clock.ts';

export interface RecoveryOptions {
  /** Resolves when Vault answers and lets us in; rejects while it does not. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  /** Ends everything. */
  readonly life: AbortSignal;
}

const LOOK_MS = 5000;

/**
 * While Vault is down, or does not let us in, one small look every 5 s finds out when it is back.
 * Then those whose reads have failed are told at once: their own back-off may have a minute to go.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #watching = new Map<string, Set<() => void>>();
  readonly #lost = new Set<string>();
  #cancelLook: (() => void) | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    options.life.addEventListener('abort', () => this.#cancelLook?.(), { once: true });
  }

  /** Calls `back` after what was lost may be had again, until `signal` aborts. */
  watch(key: string, back: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    const all = this.#watching.get(key) ?? new Set();
    this.#watching.set(key, all.add(back));
    const end = () => {
      all.delete(back);
      if (all.size === 0) this.#watching.delete(key);
    };
    signal.addEventListener('abort', end, { once: true });
  }

  /** A read failed for a reason that concerns all. */
  lost(key: string): void {
    this.#lost.add(key);
    this.#wait();
  }

  #wait(): void {
    const { clock, life } = this.#options;
    if (!life.aborted) this.#cancelLook ??= clock.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { probe, life } = this.#options;
    const isBack = await probe(AbortSignal.any([life, AbortSignal.timeout(LOOK_MS)])).then(
      () => true,
      () => false, // It is still down: this is what is being waited out.
    );
    this.#cancelLook = undefined;
    if (life.aborted) return;
    if (!isBack) return this.#wait();
    const found = [...this.#lost];
    this.#lost.clear();
    for (const key of found) for (const back of this.#watching.get(key) ?? []) back();
  }
}
