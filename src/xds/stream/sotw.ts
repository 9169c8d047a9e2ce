import type { Resource } from '../resource.ts';
import { ResourceSet } from '../resource-set.ts';
import { TYPE_URL } from '../type-urls.ts';
import { emptyAssignment } from '../wire/cluster-load-assignment.ts';
import type { SotwRequest } from './messages.ts';
import type { Push, PushContent, PushKey } from './push.ts';
import { Subscription, WILDCARD } from './subscription.ts';
import { Answers, NO_NAMES, type StreamContext, type TypeState } from './type-state.ts';

const NOTHING_HELD: ReadonlyMap<string, Resource> = new Map();
/** Absence in a response of these means removal; the others cannot be removed at all (rule B8). */
const FULL_STATE: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.listener]);

/** One type on a state-of-the-world stream. */
export class SotwType implements TypeState {
  readonly typeUrl: string;
  readonly #context: StreamContext;
  readonly #answers: Answers;
  readonly #full: boolean;
  subscription: Subscription = Subscription.NONE;
  base: ResourceSet = ResourceSet.EMPTY;
  first = true;
  /** No name was ever given on this stream: an empty list still means everything (rules W1, W2). */
  #neverNamed = true;
  /** The client came with state from another stream: silence keeps it, an empty assignment would not. */
  #reconnected = false;
  /** What must go on being listed: taken from `base`, its removal held back. */
  #held: ReadonlyMap<string, Resource> = NOTHING_HELD;
  #due: readonly string[] = NO_NAMES;

  constructor(typeUrl: string, context: StreamContext) {
    this.typeUrl = typeUrl;
    this.#context = context;
    this.#answers = new Answers(context, typeUrl);
    this.#full = FULL_STATE.has(typeUrl);
  }

  get acked(): ResourceSet | undefined {
    return this.#answers.acked;
  }

  get unanswered(): TypeState['unanswered'] {
    return this.#answers.unanswered;
  }

  get refused(): boolean {
    return this.#answers.refused;
  }

  /** A stale nonce makes the whole request void: its names come again with the next ACK (rule B5). */
  onRequest(request: SotwRequest, initial: boolean, target: ResourceSet | undefined): void {
    if (!initial && this.#answers.isStale(request.responseNonce)) return;
    if (!initial) this.#answers.take(request);
    const wanted = this.#wanted(request);
    if (initial) this.#open(request, wanted, target);
    else this.#resubscribe(wanted);
  }

  needs(target: ResourceSet, removals: boolean): boolean {
    return this.first || this.#due.length > 0 || target !== this.base || (removals && this.#held.size > 0);
  }

  hasNews(target: ResourceSet): boolean {
    if (this.first) return this.subscription !== Subscription.NONE;
    if (this.#due.length > 0) return true;
    const { changed, removed } = target.changesSince(this.base);
    const covered = (name: string): boolean => this.subscription.covers(name);
    return changed.some(({ name }) => covered(name)) || (this.#full && removed.some(covered));
  }

  hasRemovals(target: ResourceSet): boolean {
    if (!this.#full) return false;
    if (this.#held.size > 0) return true;
    return target.changesSince(this.base).removed.some((name) => this.subscription.covers(name));
  }

  repeat(names: readonly string[]): void {
    const wanted = names.every((name) => this.subscription.covers(name));
    this.#owe(wanted ? names : names.filter((name) => this.subscription.covers(name)));
  }

  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined {
    const push = this.#full ? this.#fullPush(target, removals) : this.#partialPush(target);
    this.base = target;
    this.first = false;
    this.#due = NO_NAMES;
    return this.#answers.came(push, target, now);
  }

  #wanted({ resourceNames }: SotwRequest): Subscription {
    if (resourceNames.length > 0) this.#neverNamed = false;
    const legacy = this.#neverNamed && this.#context.legacyWildcard(this.typeUrl);
    return Subscription.exactly(legacy || resourceNames.includes(WILDCARD), resourceNames);
  }

  /**
   * A reconnecting client is sent everything again unless it provably has it: the whole type, at
   * the very version that is served here (rule B10).
   */
  #open({ versionInfo }: SotwRequest, wanted: Subscription, target: ResourceSet | undefined): void {
    this.subscription = wanted;
    this.#reconnected = versionInfo !== '';
    const sameScope = wanted.wildcard && wanted.names.size === 0;
    if (target !== undefined && sameScope && target.size > 0 && versionInfo === target.label) {
      this.base = target;
      this.first = false;
      this.#answers.came(undefined, target, 0);
    }
  }

  /** Names that are new on the list are due although their version did not change (rule B6). */
  #resubscribe(wanted: Subscription): void {
    const before = this.subscription;
    if (wanted === before) return;
    this.subscription = wanted;
    if (wanted.wildcard && !before.wildcard) this.first = true;
    else this.#owe([...wanted.names].filter((name) => !before.names.has(name)));
    const dropped = [...this.#held].filter(([name]) => wanted.covers(name));
    if (dropped.length < this.#held.size) this.#held = new Map(dropped);
  }

  #owe(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#due = this.#due.length === 0 ? names : [...new Set([...this.#due, ...names])];
  }

  /** CDS and LDS: everything that is subscribed, each name once (rule B11). */
  #fullPush(target: ResourceSet, removals: boolean): Push | undefined {
    const changes = target.changesSince(this.base);
    const changed = changes.changed.filter(({ name }) => this.subscription.covers(name));
    const gone = changes.removed.filter((name) => this.subscription.covers(name));
    const released = removals && this.#held.size > 0;
    this.#hold(target, removals ? [] : gone, removals);
    const silent =
      changed.length === 0 && this.#due.length === 0 && !released && !(removals && gone.length > 0);
    if (silent && !this.first) return undefined;
    const updated = this.first ? NO_NAMES : changed.map(({ name }) => name);
    const content = { resources: this.#listed(target), removed: NO_NAMES, updated };
    return this.#share(target, content, this.#held.size === 0);
  }

  #listed(target: ResourceSet): readonly Resource[] {
    const { wildcard, names } = this.subscription;
    const present = wildcard ? [...target.values()] : [...names].flatMap((name) => target.get(name) ?? []);
    return [...present, ...this.#held.values()];
  }

  #hold(target: ResourceSet, gone: readonly string[], removals: boolean): void {
    if (removals) this.#held = NOTHING_HELD;
    if (removals || gone.length + this.#held.size === 0) return;
    const held = new Map([...this.#held].filter(([name]) => !target.has(name)));
    for (const name of gone) {
      const resource = this.base.get(name);
      if (resource !== undefined) held.set(name, resource);
    }
    this.#held = held;
  }

  /** The other types: what changed and what is newly wanted. */
  #partialPush(target: ResourceSet): Push | undefined {
    const from = this.first ? ResourceSet.EMPTY : this.base;
    const changed = target.changesSince(from).changed.filter(({ name }) => this.subscription.covers(name));
    const due = this.first ? [...this.subscription.names] : this.#due;
    const sent = new Set(changed.map(({ name }) => name));
    const more = due
      .filter((name) => !sent.has(name))
      .flatMap((name) => target.get(name) ?? this.#absent(name));
    const resources = [...changed, ...more];
    const wanted = this.subscription.wildcard || this.subscription.names.size > 0;
    if (resources.length === 0 && !(this.first && wanted)) return undefined;
    return this.#share(
      target,
      { resources, removed: NO_NAMES, updated: NO_NAMES },
      !(this.first && this.#reconnected),
    );
  }

  /** An assignment that is not there would cost a new client its fetch timeout: it is told so (rule O7). */
  #absent(name: string): readonly Resource[] {
    if (this.typeUrl !== TYPE_URL.endpoint || (this.first && this.#reconnected) || name === '') return [];
    return [emptyAssignment(name)];
  }

  #share(target: ResourceSet, content: PushContent, shareable: boolean): Push {
    const { typeUrl, subscription } = this;
    const { pushes } = this.#context;
    const { lastPush } = this.#answers;
    if (!shareable) return pushes.single('sotw', typeUrl, target.label, content);
    const key: PushKey = {
      variant: 'sotw',
      typeUrl,
      from: this.first ? ResourceSet.EMPTY : this.base,
      to: target,
      subscription,
      flavour: this.first ? 'first' : 'step',
      answers: this.#due,
    };
    return pushes.find(key, lastPush) ?? pushes.share(key, content);
  }
}
