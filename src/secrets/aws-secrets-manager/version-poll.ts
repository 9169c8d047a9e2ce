import { type Clock, retryDelayMs } from '../../clock.ts';
import type { SecretsCalls } from './calls.ts';
import { ApiFault } from './fault.ts';
import { type Listing, listSecrets } from './listing.ts';
import { describeSecret, type Outcome, saidOf } from './outcome.ts';
import { DENIED_MS, GATHER_MS } from './pace.ts';
import { untilAborted } from './until-aborted.ts';

/** Fewer than these are described one by one, until it is known how long the list is. */
const FEW = 5;
/** With the calls of one attempt it is no more than a minute from the end of a fault to fresh data. */
const LAST_RETRY_MS = 40_000;

interface Watched {
  readonly id: string;
  readonly watchers: Set<() => void>;
  readonly first: PromiseWithResolvers<Outcome>;
  outcome: Outcome | undefined;
  /** Somebody waits for the first outcome, and needs no hint of it. */
  asked: boolean;
  /** Epoch milliseconds of the next look. */
  due: number;
  failures: number;
}

export interface PollNeeds {
  readonly calls: SecretsCalls;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * One look at the versions of all secrets that are watched, each interval: over the list of all
 * secrets where that takes fewer calls than describing each.
 */
export class VersionPoll {
  readonly #needs: PollNeeds;
  readonly #life = new AbortController();
  readonly #watched = new Map<string, Watched>();
  #listing: (Listing & { readonly at: number }) | undefined;
  #listDeniedUntil = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #looking = false;

  constructor(needs: PollNeeds) {
    this.#needs = needs;
  }

  /** Calls `changed` when what is known of the secret is another than before, until `signal` aborts. */
  watch(id: string, changed: () => void, signal: AbortSignal): void {
    if (signal.aborted || this.#life.signal.aborted) return;
    const watched = this.#watched.get(id) ?? this.#begin(id);
    watched.watchers.add(changed);
    const leave = (): void => {
      watched.watchers.delete(changed);
      if (watched.watchers.size > 0 || this.#watched.get(id) !== watched) return;
      this.#watched.delete(id);
      this.#schedule();
    };
    signal.addEventListener('abort', leave, { once: true });
  }

  /** What the last look said; what is not watched is looked at now. */
  async outcomeOf(id: string, signal: AbortSignal): Promise<Outcome> {
    const watched = this.#watched.get(id);
    if (watched === undefined) return describeSecret(this.#needs.calls, id, signal);
    watched.asked = true;
    return watched.outcome ?? untilAborted(watched.first.promise, signal);
  }

  close(): void {
    this.#life.abort(new Error('the store is closed'));
    this.#watched.clear();
    this.#schedule();
  }

  #begin(id: string): Watched {
    const due = this.#needs.clock.now() + GATHER_MS;
    const first = Promise.withResolvers<Outcome>();
    const watched: Watched = {
      ...{ id, first, due },
      watchers: new Set(),
      outcome: undefined,
      asked: false,
      failures: 0,
    };
    this.#watched.set(id, watched);
    this.#schedule();
    return watched;
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#looking || this.#watched.size === 0) return;
    const due = Math.min(...[...this.#watched.values()].map((watched) => watched.due));
    // A clock that was set back must not put a look off for longer than it would wait.
    const wait = Math.min(due - this.#needs.clock.now(), Math.max(this.#needs.intervalMs, DENIED_MS));
    this.#cancelTimer = this.#needs.clock.after(Math.max(wait, 0), () => void this.#look());
  }

  /** Never rejects: a failure is an outcome, and after the end there is nobody to tell. */
  async #look(): Promise<void> {
    this.#looking = true;
    const now = this.#needs.clock.now();
    const due = [...this.#watched.values()].filter((watched) => watched.due <= now);
    try {
      if (this.#usesList(now)) await this.#lookByList(due);
      else await this.#describeAll(due);
    } catch (error) {
      if (!this.#life.signal.aborted) throw error;
    }
    this.#looking = false;
    this.#schedule();
  }

  #usesList(now: number): boolean {
    if (now < this.#listDeniedUntil) return false;
    const used = this.#watched.size;
    return this.#listing === undefined ? used >= FEW : used > this.#listing.pages;
  }

  async #lookByList(due: readonly Watched[]): Promise<void> {
    const { calls, clock, intervalMs } = this.#needs;
    const age = clock.now() - (this.#listing?.at ?? Number.NEGATIVE_INFINITY);
    const recent = age >= 0 && age < intervalMs;
    try {
      if (!recent) this.#listing = { ...(await listSecrets(calls, this.#life.signal)), at: clock.now() };
    } catch (error) {
      this.#life.signal.throwIfAborted();
      if (error instanceof ApiFault && error.kind === 'forbidden') {
        this.#listDeniedUntil = clock.now() + DENIED_MS;
        await this.#describeAll(due);
      } else this.#fail([...this.#watched.values()], { kind: 'fault', error, action: 'ListSecrets' });
      return;
    }
    const about = recent ? due : [...this.#watched.values()];
    await this.#describeAll(about.filter((watched) => !this.#settleFromList(watched)));
  }

  /** The next look is that of the list, so that all are looked at together. */
  #settleFromList(watched: Watched): boolean {
    const facts = this.#listing?.find(watched.id);
    if (this.#listing === undefined || facts === undefined) return false;
    this.#settle(watched, { kind: 'facts', facts }, this.#listing.at + this.#needs.intervalMs);
    return true;
  }

  async #describeAll(due: readonly Watched[]): Promise<void> {
    const { clock, intervalMs } = this.#needs;
    const describeOne = async (watched: Watched): Promise<void> => {
      if (this.#watched.get(watched.id) !== watched) return;
      const outcome = await describeSecret(this.#needs.calls, watched.id, this.#life.signal);
      if (outcome.kind === 'fault') this.#fail([watched], outcome);
      else this.#settle(watched, outcome, clock.now() + (outcome.kind === 'hidden' ? DENIED_MS : intervalMs));
    };
    await Promise.all(due.map(describeOne));
  }

  #fail(all: readonly Watched[], outcome: Outcome): void {
    const { clock, random } = this.#needs;
    const failures = Math.max(0, ...all.map((watched) => watched.failures)) + 1;
    const due = clock.now() + Math.min(retryDelayMs(failures, random), LAST_RETRY_MS);
    for (const watched of all) {
      this.#settle(watched, outcome, due);
      watched.failures = failures;
    }
  }

  #settle(watched: Watched, outcome: Outcome, due: number): void {
    const before = watched.outcome;
    watched.outcome = outcome;
    watched.due = due;
    watched.failures = 0;
    watched.first.resolve(outcome);
    if (before === undefined ? !watched.asked : saidOf(before) !== saidOf(outcome))
      for (const changed of watched.watchers) changed();
  }
}
