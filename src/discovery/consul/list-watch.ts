import { BlockingQuery, type Told } from './blocking.ts';
import type { Follower } from './service-loops.ts';
import { type WatchParts, waitFor } from './service-watch.ts';

/**
 * The list is asked again soon after a failure, and tells all others when it answers: a single
 * question every few seconds is what finds out that Consul is back (FAULT5).
 */
const MOST_BACKOFF_MS = 3_000;

type List = ReadonlyMap<string, readonly string[]>;

/**
 * Which services there are. A service that the config names and the list does not have is waited for
 * here: a blocking query of its own would wake at every change of any service (SRC6).
 */
export class ListWatch {
  readonly #parts: WatchParts;
  readonly #wanted: () => ReadonlySet<string> | undefined;
  readonly #follower: (count: number) => Follower;
  readonly #query: BlockingQuery<List>;
  #list: List | undefined;
  #followed: Follower | undefined;
  #watched: ReadonlySet<string> = new Set();
  /** Wanted and not in the list, and told so. */
  readonly #absent = new Set<string>();
  /** Gone from the list; the guard may hold what they had. */
  readonly #left = new Set<string>();
  /** Of before the restart. */
  readonly #known: Set<string>;
  #hasFailed = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly parts: WatchParts;
    readonly wanted: () => ReadonlySet<string> | undefined;
    readonly known: readonly string[];
    readonly follower: (count: number) => Follower;
  }) {
    const { parts, wanted, known, follower } = options;
    this.#parts = parts;
    this.#wanted = wanted;
    this.#follower = follower;
    this.#known = new Set(known);
    const { client, clock, random } = parts;
    this.#query = new BlockingQuery({
      ask: (asking) => client.services(asking),
      isLess: (list) => list.size < (this.#list?.size ?? 0),
      isEmpty: (list) => list.size === 0,
      waitMs: () => waitFor(parts, this.#heldScope()),
      mostBackoffMs: MOST_BACKOFF_MS,
      clock,
      random,
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const { told, error, nextAttempt } = await this.#query.next(signal);
        if (signal.aborted) return;
        if (told !== undefined) await this.#inTurn(() => this.#take(told));
        else if (error !== undefined && nextAttempt !== undefined) {
          this.#hasFailed = true;
          await this.#parts.scopes.failList(error, nextAttempt);
          await this.#query.backOff(nextAttempt, signal);
        }
      }
    } finally {
      await this.#followed?.close();
    }
  }

  /** The config asks for others now. */
  async wantedChanged(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#list !== undefined) await this.#apply(this.#list, true);
    });
  }

  /** An edit may come while a list is being taken: one after the other. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(task);
    this.#turn = turn;
    return turn;
  }

  async #take({ value, event, isBack }: Told<List>): Promise<void> {
    const isFirst = this.#list === undefined;
    this.#list = value;
    const [present, missing] = this.#split(value);
    if (isFirst) this.#parts.scopes.expect([...present, ...missing]);
    // Of a Consul with nothing in it something has to be said too: that was the first round.
    const isEmpty = isFirst && present.size + missing.size === 0;
    if (this.#hasFailed || isEmpty) await this.#parts.scopes.closeList();
    if (this.#hasFailed) this.#followed?.retryNow();
    this.#hasFailed = false;
    await this.#apply(value, event);
    if (isBack) this.#followed?.restart();
    if (!isFirst) this.#followed?.listChanged(event);
  }

  async #apply(list: List, event: boolean): Promise<void> {
    const [present, missing] = this.#split(list);
    const left = [...this.#watched].filter((name) => !present.has(name));
    this.#watched = present;
    this.#followed = await this.#followerFor(present.size);
    this.#followed.follow(present);
    await this.#againLeft(present);
    // What nobody asks for any more goes by the user's word.
    for (const name of left) await this.#leave(name, event || !this.#isAsked(name));
    for (const name of missing) await this.#tellAbsent(name);
    for (const name of [...this.#absent]) if (!missing.has(name)) this.#absent.delete(name);
    await this.#dropKnown(present, missing);
  }

  /** More services than connections: another way of following, which begins anew. */
  async #followerFor(count: number): Promise<Follower> {
    const next = this.#follower(count);
    if (next !== this.#followed) await this.#followed?.close();
    return next;
  }

  async #leave(name: string, event: boolean): Promise<void> {
    this.#left.add(name);
    this.#absent.add(name);
    await this.#parts.scopes.close(name, event);
  }

  /** Another read that does not have them: it counts where the guard holds what they had. */
  async #againLeft(present: ReadonlySet<string>): Promise<void> {
    const { scopes, isHeld } = this.#parts;
    for (const name of [...this.#left]) {
      if (present.has(name) || !isHeld(scopes.nameOf(name))) this.#left.delete(name);
      else await scopes.close(name, false);
    }
  }

  async #tellAbsent(name: string): Promise<void> {
    if (this.#absent.has(name)) return;
    this.#absent.add(name);
    await this.#parts.scopes.tell(name, [], { event: false });
  }

  async #dropKnown(present: ReadonlySet<string>, missing: ReadonlySet<string>): Promise<void> {
    if (this.#known.size === 0) return;
    const { scopes } = this.#parts;
    const named = new Set([...present, ...missing].map((name) => scopes.nameOf(name)));
    for (const scope of this.#known) if (!named.has(scope)) await scopes.drop(scope);
    this.#known.clear();
  }

  /** Of what is asked for: what the list has, and what it does not have. */
  #split(list: List): readonly [ReadonlySet<string>, ReadonlySet<string>] {
    const { services, tags = [] } = this.#parts.options;
    const asked = this.#wanted();
    const has = (name: string): boolean =>
      tags.every((tag) => list.get(name)?.includes(tag) === true) && list.has(name);
    const present = new Set([...list.keys()].filter((name) => this.#isAsked(name) && has(name)));
    const named = [...(asked ?? services ?? [])].filter((name) => this.#isAsked(name) && !present.has(name));
    return [present, new Set(named)];
  }

  #isAsked(name: string): boolean {
    const { services } = this.#parts.options;
    const asked = this.#wanted();
    return (services === undefined || services.includes(name)) && (asked === undefined || asked.has(name));
  }

  /** One that is waited for to be let go, if there is any. */
  #heldScope(): string {
    const { scopes, isHeld } = this.#parts;
    const all = [...this.#left, ...this.#absent].map((name) => scopes.nameOf(name));
    return all.find((scope) => isHeld(scope)) ?? '';
  }
}
