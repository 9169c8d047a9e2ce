import type { Resource } from '../resource.ts';
import { ResourceSet } from '../resource-set.ts';
import type { DeltaRequest } from './messages.ts';
import type { Push, PushContent, PushKey } from './push.ts';
import { Subscription, WILDCARD } from './subscription.ts';
import { Answers, NO_NAMES, type StreamContext, type TypeState } from './type-state.ts';

const NOTHING_HELD: ReadonlySet<string> = new Set();
const NOTHING_KNOWN: ReadonlyMap<string, string> = new Map();

/**
 * One type on an incremental stream. What the client has is one reference (`base`, the set it was
 * brought up to) plus the few names whose removal is held back: no map of versions per stream.
 */
export class DeltaType implements TypeState {
  readonly typeUrl: string;
  readonly #context: StreamContext;
  readonly #answers: Answers;
  subscription: Subscription = Subscription.NONE;
  base: ResourceSet = ResourceSet.EMPTY;
  first = true;
  /** Names the client still has although `base` no longer does. */
  #held: ReadonlySet<string> = NOTHING_HELD;
  /** Names that are answered whatever the client has (rules D2, D5, O6). */
  #due: readonly string[] = NO_NAMES;
  /** What a reconnecting client says that it has (rule D3). */
  #known: ReadonlyMap<string, string> = NOTHING_KNOWN;

  constructor(typeUrl: string, context: StreamContext) {
    this.typeUrl = typeUrl;
    this.#context = context;
    this.#answers = new Answers(context, typeUrl);
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

  /** `initial`: the first message of this type on this stream, whatever nonce it carries (rule A5). */
  onRequest(request: DeltaRequest, initial: boolean): void {
    if (initial) this.#open(request);
    else this.#answers.take(request);
    this.#resubscribe(request, initial);
  }

  needs(target: ResourceSet, removals: boolean): boolean {
    return this.first || this.#due.length > 0 || target !== this.base || (removals && this.#held.size > 0);
  }

  hasNews(target: ResourceSet): boolean {
    if (this.first) return this.subscription !== Subscription.NONE;
    if (this.#due.length > 0) return true;
    const { changed, removed } = target.changesSince(this.base);
    const covered = (name: string): boolean => this.subscription.covers(name);
    return changed.some(({ name }) => covered(name)) || removed.some(covered);
  }

  hasRemovals(target: ResourceSet): boolean {
    if (this.#held.size > 0) return true;
    if (this.first) return this.#known.keys().some((name) => !target.has(name));
    return target.changesSince(this.base).removed.some((name) => this.subscription.covers(name));
  }

  repeat(names: readonly string[]): void {
    const wanted = names.every((name) => this.subscription.covers(name));
    this.#owe(wanted ? names : names.filter((name) => this.subscription.covers(name)));
  }

  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined {
    const push = this.#isPlain() ? this.#sharedPush(target, removals) : this.#ownPush(target, removals);
    this.base = target;
    this.first = false;
    this.#due = NO_NAMES;
    this.#known = NOTHING_KNOWN;
    return this.#answers.came(push, target, now);
  }

  #open(request: DeltaRequest): void {
    this.#known = request.initialVersions;
    const legacy = request.subscribe.length === 0 && this.#context.legacyWildcard(this.typeUrl);
    if (legacy) this.subscription = Subscription.exactly(true, []);
  }

  #resubscribe({ subscribe, unsubscribe }: DeltaRequest, initial: boolean): void {
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    const before = this.subscription;
    this.subscription = before.change(subscribe, unsubscribe);
    if (initial) return;
    const { wildcard } = this.subscription;
    if (wildcard && !before.wildcard) this.first = true;
    const left = wildcard ? unsubscribe.filter((name) => before.names.has(name)) : NO_NAMES;
    const asked = subscribe.filter((name) => name !== WILDCARD && this.subscription.covers(name));
    this.#owe([...new Set([...asked, ...left])]);
    if (this.#held.size > 0)
      this.#held = new Set([...this.#held].filter((name) => this.subscription.covers(name)));
  }

  #owe(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#due = this.#due.length === 0 ? names : [...new Set([...this.#due, ...names])];
  }

  /** True when nothing of this stream alone goes into the push, so that others may share it. */
  #isPlain(): boolean {
    return this.#held.size === 0 && this.#known.size === 0 && !(this.first && this.#due.length > 0);
  }

  #sharedPush(target: ResourceSet, removals: boolean): Push | undefined {
    const from = this.first ? ResourceSet.EMPTY : this.base;
    const flavour = this.first ? 'first' : removals ? 'step' : 'additions';
    const { typeUrl, subscription } = this;
    const key: PushKey = {
      variant: 'delta',
      typeUrl,
      from,
      to: target,
      subscription,
      flavour,
      answers: this.#due,
    };
    if (!removals && !this.first) this.#hold(target);
    const found = this.#context.pushes.find(key, this.#answers.lastPush);
    if (found !== undefined) return found;
    const content = this.first ? this.#everything(target) : this.#step(target, removals);
    return isEmpty(content) && !(this.first && subscription.wildcard)
      ? undefined
      : this.#context.pushes.share(key, content);
  }

  #ownPush(target: ResourceSet, removals: boolean): Push | undefined {
    const greeted = this.#known.size > 0;
    const wasFirst = this.first;
    const content = wasFirst ? this.#firstOfKnown(target, removals) : this.#stepWithHeld(target, removals);
    if (isEmpty(content) && (greeted || !wasFirst || !this.subscription.wildcard)) return undefined;
    return this.#context.pushes.single('delta', this.typeUrl, target.label, content);
  }

  /** All that is subscribed; what is named and absent is said to be (rule D4). */
  #everything(target: ResourceSet): PushContent {
    const resources = this.subscription.wildcard ? [...target.values()] : this.#named(target);
    const removed = [...this.subscription.names].filter((name) => !target.has(name));
    return { resources, removed, updated: NO_NAMES };
  }

  #named(target: ResourceSet): readonly Resource[] {
    return [...this.subscription.names].flatMap((name) => target.get(name) ?? []);
  }

  #step(target: ResourceSet, removals: boolean): PushContent {
    const changes = target.changesSince(this.base);
    const resources = changes.changed.filter(({ name }) => this.subscription.covers(name));
    const gone = removals ? changes.removed.filter((name) => this.subscription.covers(name)) : NO_NAMES;
    const updated = resources.map(({ name }) => name);
    return { ...this.#withDue(target, resources, gone), updated };
  }

  #withDue(
    target: ResourceSet,
    resources: readonly Resource[],
    removed: readonly string[],
  ): Omit<PushContent, 'updated'> {
    if (this.#due.length === 0) return { resources, removed };
    const sent = new Set(resources.map(({ name }) => name));
    const more = this.#due.filter((name) => !sent.has(name)).flatMap((name) => target.get(name) ?? []);
    const absent = this.#due.filter((name) => !target.has(name) && !this.#held.has(name));
    return { resources: [...resources, ...more], removed: [...new Set([...removed, ...absent])] };
  }

  #stepWithHeld(target: ResourceSet, removals: boolean): PushContent {
    if (!removals) this.#hold(target);
    else this.#keepHeld([...this.#held].filter((name) => !target.has(name)));
    const released = removals ? [...this.#held] : NO_NAMES;
    const content = this.#step(target, removals);
    if (!removals) return content;
    this.#held = NOTHING_HELD;
    return { ...content, removed: [...new Set([...content.removed, ...released])] };
  }

  /** The client's own list decides what it lacks; what it should lose may have to wait (rule D3). */
  #firstOfKnown(target: ResourceSet, removals: boolean): PushContent {
    const all = this.#everything(target);
    const resources = all.resources.filter(({ name, version }) => this.#known.get(name) !== version);
    const gone = [...this.#known.keys(), ...this.#held].filter((name) => !target.has(name));
    const updated = resources.filter(({ name }) => this.#known.has(name)).map(({ name }) => name);
    const absent = all.removed.filter((name) => removals || !gone.includes(name));
    this.#keepHeld(removals ? [] : gone);
    const { resources: sent, removed } = this.#withDue(
      target,
      resources,
      removals ? [...absent, ...gone] : absent,
    );
    return { resources: sent, removed: [...new Set(removed)], updated };
  }

  #hold(target: ResourceSet): void {
    const gone = target.changesSince(this.base).removed.filter((name) => this.subscription.covers(name));
    if (gone.length + this.#held.size > 0) {
      this.#keepHeld([...this.#held, ...gone].filter((name) => !target.has(name)));
    }
  }

  #keepHeld(names: readonly string[]): void {
    this.#held = names.length === 0 ? NOTHING_HELD : new Set(names);
  }
}

function isEmpty({ resources, removed }: PushContent): boolean {
  return resources.length === 0 && removed.length === 0;
}
