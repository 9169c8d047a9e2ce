import { sleep } from '../../clock.ts';
import { BlockingQuery } from './blocking.ts';
import { type CheckView, changedServices, checkView } from './checks.ts';
import type { StateCheck } from './entries.ts';
import { ServiceFetches } from './service-fetches.ts';
import type { Follower } from './service-loops.ts';
import type { WatchParts } from './service-watch.ts';

/** After the list has moved, and in any case: registrations without a check show in no check. */
const SWEEP_AFTER_LIST_MS = 10_000;
const SWEEP_EVERY_MS = 300_000;
/** While the guard holds something. */
const HELD_MS = 20_000;
const LOOK_MS = 1_000;

/**
 * Where a blocking query for each service would take too many connections (SRC7): one over the state
 * of all checks, compared with the last; the services that differ are fetched one by one.
 */
export class StateFollower implements Follower {
  readonly #parts: WatchParts;
  readonly #query: BlockingQuery<readonly StateCheck[]>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #fetches: ServiceFetches;
  readonly #done: Promise<unknown>;
  /** Absent: not seen yet. Nothing is fetched before, or a change in between would be lost. */
  #view: CheckView | undefined;
  #hasFailed = false;
  #sweepAt: number;

  constructor(parts: WatchParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#fetches = new ServiceFetches(parts, this.#signal);
    this.#sweepAt = parts.clock.now() + SWEEP_EVERY_MS;
    const { client, options, clock, random } = parts;
    this.#query = new BlockingQuery({
      ask: (asking) => client.states(asking),
      isLess: (checks) => checkView(checks).services.size < (this.#view?.services.size ?? 0),
      isEmpty: (checks) => checks.length === 0,
      waitMs: () => options.wait,
      clock,
      random,
    });
    this.#done = Promise.all([this.#follow(), this.#sweep()]);
  }

  follow(services: ReadonlySet<string>): void {
    this.#fetches.follow(services);
  }

  retryNow(): void {
    this.#query.retryNow();
    this.#fetches.retryNow();
  }

  /** The state of all checks is in no view: its question is woken. */
  restart(): void {}

  listChanged(event: boolean): void {
    if (event) this.#sweepAt = Math.min(this.#sweepAt, this.#parts.clock.now() + SWEEP_AFTER_LIST_MS);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await this.#fetches.ended();
  }

  async #follow(): Promise<void> {
    while (!this.#signal.aborted) {
      const { told, error, nextAttempt } = await this.#query.next(this.#signal);
      if (this.#signal.aborted) return;
      if (told !== undefined) this.#take(checkView(told.value), told.event);
      else if (error !== undefined && nextAttempt !== undefined) {
        this.#hasFailed = true;
        this.#fetches.forgetEvents();
        for (const name of this.#fetches.services) await this.#parts.scopes.fail(name, error, nextAttempt);
        await this.#query.backOff(nextAttempt, this.#signal);
      }
    }
  }

  #take(view: CheckView, event: boolean): void {
    const changed =
      this.#view === undefined ? [] : changedServices(this.#view, view, (node) => this.#fetches.on(node));
    this.#view = view;
    this.#fetches.begin();
    // While it failed every scope was told so: each is told again that it is well.
    if (this.#hasFailed) this.#fetches.fetch(this.#fetches.services, false);
    this.#hasFailed = false;
    this.#fetches.fetch(changed, event);
  }

  /** What shows in no check, and another look at what the guard holds. */
  async #sweep(): Promise<void> {
    const { clock, isHeld, scopes } = this.#parts;
    let heldAt = clock.now();
    while (!this.#signal.aborted) {
      await sleep(LOOK_MS, this.#signal, clock);
      if (this.#signal.aborted) return;
      const now = clock.now();
      const { services } = this.#fetches;
      if (now >= this.#sweepAt) {
        this.#sweepAt = now + SWEEP_EVERY_MS;
        this.#fetches.fetch(services, false);
      } else if (now - heldAt >= HELD_MS) {
        heldAt = now;
        this.#fetches.fetch(
          [...services].filter((name) => isHeld(scopes.nameOf(name))),
          false,
        );
      }
    }
  }
}
