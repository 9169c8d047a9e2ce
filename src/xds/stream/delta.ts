import type { ResourceSet } from '../resource-set.ts';
import { Answers } from './answers.ts';
import type { DeltaRequest } from './messages.ts';
import type { Push, PushContent, PushKey } from './push.ts';
import { NO_NAMES, Standing } from './standing.ts';
import { Subscription, WILDCARD } from './subscription.ts';
import type { StreamContext, TypeState } from './type-state.ts';

const NOTHING_KNOWN: ReadonlyMap<string, string> = new Map();

/** One type on an incremental stream. */
export class DeltaType implements TypeState {
  readonly typeUrl: string;
  readonly standing = new Standing(true);
  readonly answers: Answers;
  readonly #context: StreamContext;
  /** What a reconnecting client says that it has, until its first answer (rule D3). */
  #known: ReadonlyMap<string, string> = NOTHING_KNOWN;

  constructor(typeUrl: string, context: StreamContext) {
    this.typeUrl = typeUrl;
    this.#context = context;
    this.answers = new Answers({ typeUrl, onEvent: context.onEvent, whole: false });
  }

  /** `initial`: the first message of this type on this stream, whatever nonce it carries (rule A5). */
  onRequest(request: DeltaRequest, initial: boolean, now: number): void {
    if (initial) this.#open(request);
    else {
      this.answers.take(request, now);
      this.#resubscribe(request);
    }
  }

  hasRemovals(target: ResourceSet): boolean {
    if (this.#known.keys().some((name) => this.standing.covers(name) && !target.has(name))) return true;
    return this.standing.hasRemovals(target);
  }

  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined {
    const push = this.#isPlain() ? this.#sharedPush(target, removals) : this.#ownPush(target, removals);
    this.standing.reached(target);
    this.#known = NOTHING_KNOWN;
    return push === undefined ? undefined : this.answers.sent(push, target, now, push.removed);
  }

  /** Subscribe first, then unsubscribe: both of `*` in a first message means nothing (rule W6). */
  #open({ subscribe, unsubscribe, initialVersions }: DeltaRequest): void {
    this.#known = initialVersions;
    if (subscribe.length > 0 && unsubscribe.length === 0) {
      this.standing.subscription = Subscription.of(subscribe);
      return;
    }
    const legacy = subscribe.length === 0 && this.#context.legacyWildcard(this.typeUrl);
    const start = legacy ? Subscription.exactly(true, []) : Subscription.NONE;
    this.standing.subscription = start.change(subscribe, unsubscribe);
  }

  #resubscribe({ subscribe, unsubscribe }: DeltaRequest): void {
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    const { standing } = this;
    const before = standing.subscription;
    standing.resubscribe(before.change(subscribe, unsubscribe));
    const left = standing.subscription.wildcard
      ? unsubscribe.filter((name) => before.names.has(name))
      : NO_NAMES;
    const asked = subscribe.filter((name) => name !== WILDCARD && standing.covers(name));
    standing.owe([...new Set([...asked, ...left])]);
  }

  /** True when nothing of this stream alone goes into the push, so that others may share it. */
  #isPlain(): boolean {
    const { held, first, due } = this.standing;
    return held.size === 0 && this.#known.size === 0 && !(first && due.length > 0);
  }

  #sharedPush(target: ResourceSet, removals: boolean): Push | undefined {
    const { standing, typeUrl } = this;
    const { first, base: from, due: answers, subscription } = standing;
    const flavour = first ? 'first' : removals ? 'step' : 'additions';
    const key: PushKey = { variant: 'delta', typeUrl, from, to: target, subscription, flavour, answers };
    if (!removals) standing.hold(target, standing.changes(target).removed);
    const found = this.#context.pushes.find(key, this.answers.lastPush);
    if (found !== undefined) return found;
    const content = this.#sayable(first ? this.#everything(target) : this.#step(target, removals));
    return isEmpty(content) && !(first && subscription.wildcard)
      ? undefined
      : this.#context.pushes.share(key, content);
  }

  #ownPush(target: ResourceSet, removals: boolean): Push | undefined {
    const greeted = this.#known.size > 0;
    const { first, subscription } = this.standing;
    const content = this.#sayable(
      first ? this.#firstOfKnown(target, removals) : this.#stepWithHeld(target, removals),
    );
    if (isEmpty(content) && (greeted || !first || !subscription.wildcard)) return undefined;
    return this.#context.pushes.single('delta', this.typeUrl, target.label, content);
  }

  /** Without removals, where this type's are not told (rule D9). */
  #sayable(content: PushContent): PushContent {
    const isSaid = content.removed.length === 0 || this.#context.tellsRemovals(this.typeUrl);
    return isSaid ? content : { ...content, removed: NO_NAMES };
  }

  /** All that is subscribed; what is named and absent is said to be (rule D4). */
  #everything(target: ResourceSet): PushContent {
    const removed = [...this.standing.subscription.names].filter((name) => !target.has(name));
    return { resources: this.standing.wanted(target), removed, updated: NO_NAMES };
  }

  #step(target: ResourceSet, removals: boolean): PushContent {
    const { changed, removed } = this.standing.changes(target);
    const updated = changed.map(({ name }) => name);
    return this.#withDue(target, { resources: changed, removed: removals ? removed : NO_NAMES, updated });
  }

  /** What is held is not said to be gone: the client is to keep it for now. */
  #withDue(target: ResourceSet, content: PushContent): PushContent {
    const { due, held } = this.standing;
    if (due.length === 0) return content;
    const sent = new Set(content.resources.map(({ name }) => name));
    const more = due.filter((name) => !sent.has(name)).flatMap((name) => target.get(name) ?? []);
    const absent = due.filter((name) => !target.has(name) && !held.has(name));
    const removed = [...new Set([...content.removed, ...absent])];
    return { resources: [...content.resources, ...more], removed, updated: content.updated };
  }

  #stepWithHeld(target: ResourceSet, removals: boolean): PushContent {
    const { standing } = this;
    if (!removals) {
      standing.hold(target, standing.changes(target).removed);
      return this.#step(target, false);
    }
    const released = standing.release(target);
    const content = this.#step(target, true);
    return { ...content, removed: [...new Set([...content.removed, ...released])] };
  }

  /** The client's own list decides what it lacks; what it should lose may have to wait (rule D3). */
  #firstOfKnown(target: ResourceSet, removals: boolean): PushContent {
    const { standing } = this;
    const known = this.#known;
    const had = (name: string): boolean => known.has(name) || standing.held.has(name);
    const { resources: all, removed: absent } = this.#everything(target);
    const resources = all.filter(({ name, version }) => known.get(name) !== version);
    const updated = resources.filter(({ name }) => had(name)).map(({ name }) => name);
    const gone = [...known.keys(), ...standing.held.keys()];
    standing.hold(
      target,
      gone.filter((name) => standing.covers(name)),
    );
    const waiting = standing.held;
    const released = removals ? standing.release(target) : NO_NAMES;
    const told = absent.filter((name) => removals || !waiting.has(name));
    if (known.size > 0) {
      const lacking = resources.filter(({ name }) => !had(name)).map(({ name }) => name);
      this.answers.confirm(target, lacking);
    }
    return this.#withDue(target, { resources, removed: [...new Set([...told, ...released])], updated });
  }
}

function isEmpty({ resources, removed }: PushContent): boolean {
  return resources.length === 0 && removed.length === 0;
}
