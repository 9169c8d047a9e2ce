import type { Resource } from '../resource.ts';
import { ResourceSet, type SetChanges } from '../resource-set.ts';
import { Subscription } from './subscription.ts';

export const NO_NAMES: readonly string[] = [];
const NOTHING_HELD: ReadonlyMap<string, Resource | undefined> = new Map();

/**
 * Where a type stands on a stream: what is wanted, and what the client was brought up to. That is
 * one reference (`base`) and the few names that differ from it: no map of versions per stream.
 */
export class Standing {
  /** False for types whose removal the variant cannot tell (rule B8). */
  readonly #tellsRemovals: boolean;
  subscription: Subscription = Subscription.NONE;
  base: ResourceSet = ResourceSet.EMPTY;
  /** Everything that is wanted is due; `base` is empty then. */
  first = true;
  /** Names that are answered whatever the client has (rules B6, D2, D5, O6). */
  due: readonly string[] = NO_NAMES;
  /** What the client still has although `base` no longer does: its removal waits. */
  held: ReadonlyMap<string, Resource | undefined> = NOTHING_HELD;
  readonly covers = (name: string): boolean => this.subscription.covers(name);

  constructor(tellsRemovals: boolean) {
    this.#tellsRemovals = tellsRemovals;
  }

  /** What leads from `base` to `target`, as far as it is wanted. */
  changes(target: ResourceSet): SetChanges {
    const { changed, removed } = target.changesSince(this.base);
    if (this.subscription.wildcard) return { changed, removed: this.#tellsRemovals ? removed : NO_NAMES };
    return {
      changed: changed.filter(({ name }) => this.covers(name)),
      removed: this.#tellsRemovals ? removed.filter(this.covers) : NO_NAMES,
    };
  }

  /** Something has to be said to come to `target`, with or without its removals. */
  needs(target: ResourceSet, removals: boolean): boolean {
    if (this.first || this.due.length > 0 || (removals && this.held.size > 0)) return true;
    if (target === this.base) return false;
    const { changed, removed } = target.changesSince(this.base);
    if (changed.some(({ name }) => this.covers(name))) return true;
    return removals && this.#tellsRemovals && removed.some(this.covers);
  }

  hasRemovals(target: ResourceSet): boolean {
    if (this.held.size > 0) return true;
    return this.#tellsRemovals && target.changesSince(this.base).removed.some(this.covers);
  }

  /** Comes to `target` where that touches nothing that is wanted. */
  catchUp(target: ResourceSet): void {
    if (!this.first && target !== this.base && !this.needs(target, true)) this.base = target;
  }

  /** What `advance` would send, for those who must look at it first. */
  outgoing(target: ResourceSet): Iterable<Resource> {
    if (this.first) return this.wanted(target);
    const due = this.due.flatMap((name) => target.get(name) ?? []);
    return [...this.changes(target).changed, ...due];
  }

  /** All that is wanted and there. */
  wanted(target: ResourceSet): readonly Resource[] {
    const { wildcard, names } = this.subscription;
    return wildcard ? [...target.values()] : [...names].flatMap((name) => target.get(name) ?? []);
  }

  reached(target: ResourceSet): void {
    this.base = target;
    this.first = false;
    this.due = NO_NAMES;
  }

  owe(names: readonly string[]): void {
    if (names.length > 0) this.due = this.due.length === 0 ? names : [...new Set([...this.due, ...names])];
  }

  /** The same again although it did not change; the list itself is kept where all of it is wanted. */
  repeat(names: readonly string[]): void {
    this.owe(names.every(this.covers) ? names : names.filter(this.covers));
  }

  /** Takes the new subscription over; what is no longer wanted is neither due nor held (rule O4). */
  resubscribe(wanted: Subscription): void {
    const before = this.subscription;
    this.subscription = wanted;
    if (wanted.wildcard && !before.wildcard) this.#startAgain(before);
    if (!this.due.every(this.covers)) this.due = this.due.filter(this.covers);
    if (this.held.size > 0) this.#keep([...this.held].filter(([name]) => this.covers(name)));
  }

  /** Holds back the removal of these, and of what was held before, unless it is there again. */
  hold(target: ResourceSet, gone: readonly string[]): void {
    if (gone.length + this.held.size === 0) return;
    const more = gone.map((name): [string, Resource | undefined] => [name, this.base.get(name)]);
    this.#keep([...this.held, ...more].filter(([name]) => !target.has(name)));
  }

  /** Holds nothing any more; gives what is to be removed now. */
  release(target: ResourceSet): readonly string[] {
    if (this.held.size === 0) return NO_NAMES;
    const names = [...this.held.keys()].filter((name) => !target.has(name));
    this.held = NOTHING_HELD;
    return names;
  }

  /** Newly everything: `base` was what the client had of its names only. */
  #startAgain(before: Subscription): void {
    const had = this.#tellsRemovals ? [...before.names].filter((name) => this.base.has(name)) : NO_NAMES;
    this.#keep([
      ...this.held,
      ...had.map((name): [string, Resource | undefined] => [name, this.base.get(name)]),
    ]);
    this.base = ResourceSet.EMPTY;
    this.first = true;
  }

  #keep(entries: readonly [string, Resource | undefined][]): void {
    this.held = entries.length === 0 ? NOTHING_HELD : new Map(entries);
  }
}
