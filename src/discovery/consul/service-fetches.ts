import { retryDelayMs, sleep } from '../../clock.ts';
import type { Answer } from './answer.ts';
import { HIDDEN, isHidden } from './blocking.ts';
import type { HealthEntry } from './entries.ts';
import { failed } from './fault.ts';
import { instancesOf } from './instance.ts';
import { Pace } from './service-loops.ts';
import type { WatchParts } from './service-watch.ts';

/** Fetched at once; the others wait. */
const CONCURRENCY = 16;
const FETCHES_PER_SECOND = 200;

/** One-shot looks at services, each told once it was read; a service is in the queue at most once. */
export class ServiceFetches {
  readonly #parts: WatchParts;
  readonly #signal: AbortSignal;
  readonly #pace: Pace;
  #services: ReadonlySet<string> = new Set();
  /** Service -> nodes that it has an instance on. */
  readonly #nodes = new Map<string, ReadonlySet<string>>();
  /** To be fetched, and whether what is gone was seen to go. */
  readonly #due = new Map<string, boolean>();
  readonly #failures = new Map<string, number>();
  /** Of these the token did not see everything last time. */
  readonly #filtered = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #hasBegun = false;

  constructor(parts: WatchParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#pace = new Pace(parts.clock, FETCHES_PER_SECOND);
  }

  /** Until then what is to be fetched only waits. */
  begin(): void {
    this.#hasBegun = true;
    this.#startSome();
  }

  get services(): ReadonlySet<string> {
    return this.#services;
  }

  /** Exactly these from now on; new ones are fetched. */
  follow(services: ReadonlySet<string>): void {
    const fresh = [...services].filter((name) => !this.#services.has(name));
    this.#services = services;
    for (const known of [this.#due, this.#nodes, this.#failures, this.#filtered]) {
      for (const name of known.keys()) if (!services.has(name)) known.delete(name);
    }
    this.fetch(fresh, false);
  }

  fetch(services: Iterable<string>, event: boolean): void {
    for (const name of services) {
      if (this.#services.has(name)) this.#due.set(name, event || this.#due.get(name) === true);
    }
    this.#startSome();
  }

  retryNow(): void {
    this.fetch(this.#failures.keys(), false);
  }

  /** What was noticed is not followed without a gap any more: no drop has a reason. */
  forgetEvents(): void {
    for (const name of this.#due.keys()) this.#due.set(name, false);
  }

  *on(node: string): Generator<string, void, void> {
    for (const [service, nodes] of this.#nodes) if (nodes.has(node)) yield service;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  #startSome(): void {
    while (this.#hasBegun && this.#running.size < CONCURRENCY && !this.#signal.aborted) {
      const [next] = this.#due;
      if (next === undefined) return;
      this.#due.delete(next[0]);
      const running = this.#fetchOne(...next).finally(() => {
        this.#running.delete(running);
        this.#startSome();
      });
      this.#running.add(running);
    }
  }

  async #fetchOne(name: string, event: boolean): Promise<void> {
    const { scopes, options } = this.#parts;
    await this.#pace.turn(this.#signal);
    if (this.#isOver(name)) return;
    try {
      const answer = await this.#ask(name, event);
      if (this.#isOver(name)) return;
      this.#failures.delete(name);
      this.#nodes.set(name, new Set(answer.value.map(({ Node: node }) => node.Node)));
      await scopes.tell(name, instancesOf(answer.value, options), { event: event && !answer.filtered });
    } catch (thrown) {
      if (!this.#isOver(name)) await this.#failed(name, thrown);
    }
  }

  /** After an event, and where the first answer has less or is not to be believed, the leader is asked. */
  async #ask(name: string, event: boolean): Promise<Answer<readonly HealthEntry[]>> {
    const { client, scopes } = this.#parts;
    const once = { index: 0, waitMs: 0, signal: this.#signal } as const;
    const isLess = (entries: readonly HealthEntry[]): boolean => scopes.isLess(name, entries.length);
    if (!event) {
      const answer = await client.health(name, { ...once, mode: 'stale' });
      if (answer.trusted && !isLess(answer.value)) return this.#noted(name, answer);
    }
    const sure = await client.health(name, { ...once, mode: 'consistent' });
    if (!sure.trusted) throw failed(`${sure.doubt}; what it said last stays`);
    const isEmpty = (entries: readonly HealthEntry[]): boolean => entries.length === 0;
    if (isHidden(sure, this.#filtered.has(name), { isLess, isEmpty })) throw failed(HIDDEN);
    return this.#noted(name, sure);
  }

  #noted<T>(name: string, answer: Answer<T>): Answer<T> {
    if (answer.filtered) this.#filtered.add(name);
    else this.#filtered.delete(name);
    return answer;
  }

  async #failed(name: string, thrown: unknown): Promise<void> {
    const { scopes, clock, random } = this.#parts;
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    const waitMs = retryDelayMs(failures, random);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    await scopes.fail(name, error, clock.now() + waitMs);
    void this.#again(name, waitMs);
  }

  /** What happens in the meantime is not seen: a drop has no reason then. */
  async #again(name: string, waitMs: number): Promise<void> {
    await sleep(waitMs, this.#signal, this.#parts.clock);
    if (this.#failures.has(name)) this.fetch([name], false);
  }

  #isOver(name: string): boolean {
    return this.#signal.aborted || !this.#services.has(name);
  }
}
