import type { Resource } from '../resource.ts';
import type { ResourceSet } from '../resource-set.ts';
import { TYPE_URL } from '../type-urls.ts';
import { emptyAssignment } from '../wire/cluster-load-assignment.ts';
import { Answers } from './answers.ts';
import type { SotwRequest } from './messages.ts';
import type { Push, PushContent, PushKey } from './push.ts';
import { NO_NAMES, Standing } from './standing.ts';
import { Subscription } from './subscription.ts';
import type { StreamContext, TypeState } from './type-state.ts';

/** Absence in a response of these means removal; the others cannot be removed at all (rule B8). */
const FULL_STATE: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.listener]);
const EVERYTHING = Subscription.exactly(true, []);
/** A response that lists more than the set of its label must not be taken for it by another replica (rule B10). */
const HELD_SUFFIX = '+';

/** One type on a state-of-the-world stream. */
export class SotwType implements TypeState {
  readonly typeUrl: string;
  readonly standing: Standing;
  readonly answers: Answers;
  readonly #context: StreamContext;
  readonly #full: boolean;
  /** No name was ever given on this stream: an empty list still means everything (rules W1, W2). */
  #neverNamed = true;
  /** What the client had of another stream; the same for a whole type, until it asks for something else. */
  #broughtVersion = '';
  #wholeVersion = '';

  constructor(typeUrl: string, context: StreamContext) {
    this.typeUrl = typeUrl;
    this.#context = context;
    this.#full = FULL_STATE.has(typeUrl);
    this.standing = new Standing(this.#full);
    this.answers = new Answers({ typeUrl, onEvent: context.onEvent, whole: this.#full });
  }

  /** `initial`: the first message of this type on this stream, whatever nonce it carries (rule A5). */
  onRequest(request: SotwRequest, initial: boolean, now: number): void {
    if (initial) {
      this.#broughtVersion = request.versionInfo;
      this.standing.subscription = this.#wanted(request);
      this.#wholeVersion = this.standing.subscription === EVERYTHING ? request.versionInfo : '';
      return;
    }
    this.answers.take(request, now);
    // The whole request is void: its names come again with the next ACK (rule B5).
    if (!this.answers.isStale(request.responseNonce)) this.#resubscribe(this.#wanted(request));
  }

  hasRemovals(target: ResourceSet): boolean {
    return this.standing.hasRemovals(target);
  }

  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined {
    if (this.#bringsAll(target)) {
      this.answers.confirm(target, NO_NAMES);
      this.standing.reached(target);
      return undefined;
    }
    const push = this.#full ? this.#fullPush(target, removals, now) : this.#partialPush(target, now);
    this.standing.reached(target);
    return push;
  }

  #wanted({ resourceNames }: SotwRequest): Subscription {
    if (resourceNames.length > 0) {
      this.#neverNamed = false;
      return Subscription.of(resourceNames, this.standing.subscription);
    }
    return this.#neverNamed && this.#context.legacyWildcard(this.typeUrl) ? EVERYTHING : Subscription.NONE;
  }

  /** Names that are new on the list are due although their version did not change (rule B6). */
  #resubscribe(wanted: Subscription): void {
    const { standing } = this;
    const before = standing.subscription;
    if (wanted === before) return;
    this.#wholeVersion = '';
    standing.resubscribe(wanted);
    if (!standing.first) standing.owe([...wanted.names].filter((name) => !before.names.has(name)));
  }

  /**
   * A client that comes back is sent everything again unless it provably has it: the whole type,
   * by the very content that is served here (rule B10).
   */
  #bringsAll(target: ResourceSet): boolean {
    const { first, due } = this.standing;
    const mayBe = first && due.length === 0 && target.size > 0 && target.isContentLabel;
    return mayBe && this.#wholeVersion === target.label;
  }

  /** CDS and LDS: everything that is subscribed, each name once (rule B11). */
  #fullPush(target: ResourceSet, removals: boolean, now: number): Push | undefined {
    const { standing } = this;
    const { changed, removed } = standing.changes(target);
    const updated = this.#updated(changed);
    const lost = removals ? [...removed, ...standing.release(target)] : NO_NAMES;
    if (!removals) standing.hold(target, removed);
    const silent = changed.length + standing.due.length + lost.length === 0;
    if (silent && !this.#owesFirst()) return undefined;
    const key = { ...this.#key(target), answers: NO_NAMES };
    const push =
      standing.held.size > 0
        ? this.#heldPush(target, updated)
        : this.#shared(key, () => ({ resources: standing.wanted(target), removed: NO_NAMES, updated }));
    return this.answers.sent(push, target, now, lost);
  }

  /** Names whose resource the client may have in another version; `base` is empty before the first push. */
  #updated(changed: readonly Resource[]): readonly string[] {
    const { first, held } = this.standing;
    if (first && held.size === 0) return NO_NAMES;
    return changed.map(({ name }) => name).filter((name) => !first || held.has(name));
  }

  /** What waits for its removal goes on being listed. */
  #heldPush(target: ResourceSet, updated: readonly string[]): Push {
    const held = this.standing.held.values().filter((resource) => resource !== undefined);
    const resources = [...this.standing.wanted(target), ...held];
    const version = `${target.label}${HELD_SUFFIX}`;
    const content = { resources, removed: NO_NAMES, updated };
    return this.#context.pushes.single('sotw', this.typeUrl, version, content);
  }

  /** The other types: what changed and what is newly wanted. */
  #partialPush(target: ResourceSet, now: number): Push | undefined {
    const { first, due } = this.standing;
    if (first ? !this.#owesFirst() : this.standing.changes(target).changed.length + due.length === 0) {
      return undefined;
    }
    const own = first && (this.#broughtVersion !== '' || due.length > 0);
    const content = (): PushContent => this.#partialContent(target);
    const { pushes } = this.#context;
    const push = own
      ? pushes.single('sotw', this.typeUrl, target.label, content())
      : this.#found(target, content);
    return push === undefined ? undefined : this.answers.sent(push, target, now, NO_NAMES);
  }

  #partialContent(target: ResourceSet): PushContent {
    const { standing } = this;
    const changed = standing.first ? standing.wanted(target) : standing.changes(target).changed;
    const sent = new Set(changed.map(({ name }) => name));
    const due = standing.first ? standing.subscription.names : standing.due;
    const more = [...due].filter((name) => !sent.has(name));
    const added = more.flatMap((name) => target.get(name) ?? this.#absent(name));
    return { resources: [...changed, ...added], removed: NO_NAMES, updated: NO_NAMES };
  }

  /** Where all that is due is absent there is nothing to say. */
  #found(target: ResourceSet, make: () => PushContent): Push | undefined {
    const key = this.#key(target);
    const known = this.#context.pushes.find(key, this.answers.lastPush);
    if (known !== undefined) return known;
    const content = make();
    return content.resources.length === 0 && !this.standing.first
      ? undefined
      : this.#context.pushes.share(key, content);
  }

  #owesFirst(): boolean {
    const { first, subscription } = this.standing;
    return first && (subscription.wildcard || subscription.names.size > 0);
  }

  /** An assignment that is not there would cost a client its fetch timeout: it is told so (rule O7). */
  #absent(name: string): readonly Resource[] {
    const keeps = this.standing.first && this.#broughtVersion !== '';
    return this.typeUrl !== TYPE_URL.endpoint || keeps || name === '' ? [] : [emptyAssignment(name)];
  }

  #shared(key: PushKey, make: () => PushContent): Push {
    const { pushes } = this.#context;
    return pushes.find(key, this.answers.lastPush) ?? pushes.share(key, make());
  }

  #key(target: ResourceSet): PushKey {
    const { first, base: from, subscription, due: answers } = this.standing;
    const flavour = first ? 'first' : 'step';
    return { variant: 'sotw', typeUrl: this.typeUrl, from, to: target, subscription, flavour, answers };
  }
}
