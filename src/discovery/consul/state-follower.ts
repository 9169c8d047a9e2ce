import { retryDelayMs, sleep } from '../../clock.ts';
import { failed } from './answer.ts';
import { BlockingQuery, HIDDEN, isHidden } from './blocking.ts';
import { type CheckView, changedServices, checkView, NO_CHECKS } from './checks.ts';
import type { HealthEntry, StateCheck } from './entries.ts';
import { instancesOf } from './instance.ts';
import { type Follower, Pace } from './service-loops.ts';
import { type WatchParts, waitFor } from './service-watch.ts';

/** Fetched at once; the others wait. */
const CONCURRENCY = 16;
const FETCHES_PER_SECOND = 200;
/** After the list has moved, and in any case: registrations without a check show in no check. */
const SWEEP_AFTER_LIST_MS = 10_000;
const SWEEP_EVERY_MS = 300_000;
/** While the guard holds something. */
const HELD_MS = 20_000;

/**
 * Where a blocking query for each service would take too many connections (SRC7): one over the state
 * of all checks, compared with the last; the services that differ are fetched one by one.
 */
export class StateFollower implements Follower {
  readonly #parts: WatchParts;
  readonly #query: BlockingQuery<readonly StateCheck[]>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #pace: Pace;
  #services: ReadonlySet<string> = new Set();
  #view: CheckView = NO_CHECKS;
  /** Node -> services with an instance on it. */
  readonly #nodes = new Map<string, ReadonlySet<string>>();
  /** To be fetched, and whether what is gone was seen to go. */
  readonly #due = new Map<string, boolean>();
  readonly #failures = new Map<string, number>();
  /** Of which the token saw only a part. */
  readonly #filtered = new Set<string>();
  #active = 0;
  #hasFailed = false;
  #sweepAt: number;
  readonly #done: Promise<unknown>;
  readonly #fetches = new Set<Promise<void>>();

  constructor(parts: WatchParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#pace = new Pace(parts.clock, FETCHES_PER_SECOND);
    this.#sweepAt = parts.clock.now() + SWEEP_EVERY_MS;
    const { client, clock, random } = parts;
    this.#query = new BlockingQuery({
      ask: (asking) => client.states(asking),
      isLess: (checks) => checkView(checks).services.size < this.#view.services.size,
      isEmpty: (checks) => checks.length === 0,
      waitMs: () => waitFor(parts, ''),
      clock,
      random,
    });
    this.#done = Promise.all([this.#follow(), this.#sweep()]);
  }

  follow(services: ReadonlySet<string>): void {
    const fresh = [...services].filter((name) => !this.#services.has(name));
    this.#services = services;
    for (const name of this.#due.keys()) if (!services.has(name)) this.#due.delete(name);
    this.#fetch(fresh, false);
  }

  retryNow(): void {
    this.#query.retryNow();
    this.#fetch(this.#failures.keys(), false);
  }

  listChanged(event: boolean): void {
    if (event) this.#sweepAt = Math.min(this.#sweepAt, this.#parts.clock.now() + SWEEP_AFTER_LIST_MS);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await Promise.all(this.#fetches);
  }

  async #follow(): Promise<void> {
    while (!this.#signal.aborted) {
      const { told, error, nextAttempt } = await this.#query.next(this.#signal);
      if (this.#signal.aborted) return;
      if (told !== undefined) {
        const view = checkView(told.value);
        const changed = changedServices(this.#view, view, (node) => this.#nodes.get(node) ?? []);
        this.#view = view;
        // While it failed every scope was told so: each is told again that it is well.
        if (this.#hasFailed) this.#fetch(this.#services, false);
        this.#hasFailed = false;
        this.#fetch(
          [...changed].filter((name) => this.#services.has(name)),
          told.event,
        );
      } else if (error !== undefined && nextAttempt !== undefined) {
        this.#hasFailed = true;
        for (const name of this.#services) await this.#parts.scopes.fail(name, error, nextAttempt);
        await this.#query.backOff(nextAttempt, this.#signal);
      }
    }
  }

  async #sweep(): Promise<void> {
    const { clock, isHeld, scopes } = this.#parts;
    let heldAt = 0;
    while (!this.#signal.aborted) {
      await sleep(1000, this.#signal, clock);
      if (this.#signal.aborted) return;
      const now = clock.now();
      if (now >= this.#sweepAt) {
        this.#sweepAt = now + SWEEP_EVERY_MS;
        this.#fetch(this.#services, false);
      } else if (now - heldAt >= HELD_MS) {
        heldAt = now;
        this.#fetch(
          [...this.#services].filter((name) => isHeld(scopes.nameOf(name))),
          false,
        );
      }
    }
  }

  #fetch(services: Iterable<string>, event: boolean): void {
    for (const name of services) this.#due.set(name, event || this.#due.get(name) === true);
    while (this.#active < CONCURRENCY && this.#due.size > 0 && !this.#signal.aborted) this.#startOne();
  }

  #startOne(): void {
    const [next] = this.#due;
    if (next === undefined) return;
    const [name, event] = next;
    this.#due.delete(name);
    this.#active += 1;
    const fetching = this.#fetchOne(name, event).finally(() => {
      this.#active -= 1;
      this.#fetches.delete(fetching);
      this.#fetch([], false);
    });
    this.#fetches.add(fetching);
  }

  async #fetchOne(name: string, event: boolean): Promise<void> {
    const { scopes, options, clock, random } = this.#parts;
    await this.#pace.turn(this.#signal);
    if (this.#signal.aborted || !this.#services.has(name)) return;
    try {
      const answer = await this.#ask(name);
      this.#failures.delete(name);
      this.#note(name, new Set(answer.value.map(({ Node: node }) => node.Node)));
      if (this.#services.has(name)) {
        await scopes.tell(name, instancesOf(answer.value, options), { event: event && !answer.filtered });
      }
    } catch (thrown) {
      if (this.#signal.aborted || !this.#services.has(name)) return;
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);
      const waitMs = retryDelayMs(failures, random);
      await scopes.fail(
        name,
        thrown instanceof Error ? thrown : new Error(String(thrown)),
        clock.now() + waitMs,
      );
      void this.#again(name, waitMs, event);
    }
  }

  /** Asked once more of the leader where the first answer is not to be believed. */
  async #ask(name: string) {
    const { client, scopes } = this.#parts;
    const once = { index: 0, waitMs: 0, signal: this.#signal } as const;
    const answer = await client.health(name, { ...once, mode: 'stale' });
    const isSure = answer.trusted && !(answer.filtered && scopes.isLess(name, answer.value.length));
    const sure = isSure ? answer : await client.health(name, { ...once, mode: 'consistent' });
    if (!sure.trusted) throw failed(`${sure.doubt}; what it said last stays`);
    const isLess = (entries: readonly HealthEntry[]): boolean => scopes.isLess(name, entries.length);
    const isEmpty = (entries: readonly HealthEntry[]): boolean => entries.length === 0;
    if (isHidden(sure, this.#filtered.has(name), { isLess, isEmpty })) throw failed(HIDDEN);
    if (sure.filtered) this.#filtered.add(name);
    else this.#filtered.delete(name);
    return sure;
  }

  async #again(name: string, waitMs: number, event: boolean): Promise<void> {
    await sleep(waitMs, this.#signal, this.#parts.clock);
    if (this.#failures.has(name) && this.#services.has(name)) this.#fetch([name], event);
  }

  #note(service: string, nodes: ReadonlySet<string>): void {
    for (const node of nodes) this.#nodes.set(node, new Set([...(this.#nodes.get(node) ?? []), service]));
  }
}
