import { randomInt } from 'node:crypto';

/** The name that subscribes to everything (rule W1). */
export const WILDCARD = '*';

const SEED_A = randomInt(2 ** 31);
const SEED_B = randomInt(2 ** 31);

/**
 * What one stream wants of one type. Immutable and interned: streams that want the same share one
 * object, however they came to it, so a thousand nodes with five thousand names hold them once.
 */
export class Subscription {
  static readonly NONE = new Subscription(false, new Set(), 0, 0);

  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
  /** Sums over the names' hashes: they do not depend on the order of names. */
  readonly hashA: number;
  readonly hashB: number;

  constructor(wildcard: boolean, names: ReadonlySet<string>, hashA: number, hashB: number) {
    this.wildcard = wildcard;
    this.names = names;
    this.hashA = hashA;
    this.hashB = hashB;
  }

  /** True when the type's resource of that name is to be sent. */
  covers(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }

  /** True for the very list that this was made from, in any order that holds each name once. */
  isExactly(wildcard: boolean, list: readonly string[]): boolean {
    if (wildcard !== this.wildcard) return false;
    const stars = wildcard && list.includes(WILDCARD) ? 1 : 0;
    if (list.length - stars !== this.names.size) return false;
    return isInOrder(list, this.names) || isSame(list, this.names);
  }

  /** Subscribe first, then unsubscribe (rule W6). `*` means the wildcard on both lists. */
  change(subscribe: readonly string[], unsubscribe: readonly string[]): Subscription {
    const removed = new Set(unsubscribe);
    const wildcard = (this.wildcard || subscribe.includes(WILDCARD)) && !removed.has(WILDCARD);
    const added = new Set(subscribe.filter((name) => isAddition(name, this.names, removed)));
    const gone = [...removed].filter((name) => this.names.has(name));
    if (wildcard === this.wildcard && added.size === 0 && gone.length === 0) return this;
    return intern(this, wildcard, added, gone);
  }

  /** What a list says that stands for itself, `*` on it included. It is probably what it was: `likely`. */
  static of(list: readonly string[], likely: Subscription = Subscription.NONE): Subscription {
    const known = meanings.get(list);
    if (known !== undefined) return known;
    const same = likely.isExactly(list.includes(WILDCARD), list);
    const meant = same ? likely : Subscription.NONE.change(list, []);
    if (list.length >= FEWEST_NAMES) meanings.set(list, meant);
    return meant;
  }

  /** Exactly these names and the wildcard. */
  static exactly(wildcard: boolean, names: readonly string[]): Subscription {
    return Subscription.NONE.change(wildcard ? [WILDCARD, ...names] : names, []);
  }
}

function isAddition(name: string, present: ReadonlySet<string>, removed: ReadonlySet<string>): boolean {
  return name !== WILDCARD && !present.has(name) && !removed.has(name);
}

/** The common case, without hashing a name: a client lists its names in one order. */
function isInOrder(list: readonly string[], names: ReadonlySet<string>): boolean {
  let at = 0;
  for (const name of names) {
    if (list[at] === WILDCARD) at += 1;
    if (list[at] !== name) return false;
    at += 1;
  }
  return true;
}

/** Of as many names as the set has: a name that is there twice hides another that is missing. */
function isSame(list: readonly string[], names: ReadonlySet<string>): boolean {
  if (!list.every((name) => name === WILDCARD || names.has(name))) return false;
  const distinct = new Set(list);
  distinct.delete(WILDCARD);
  return distinct.size === names.size;
}

const FEWEST_NAMES = 16;
/**
 * What long lists mean, by identity: equal lists come as one object (wire/name-lists.ts), from every node and with
 * every ACK, so no name of them needs to be looked at again.
 */
const meanings = new WeakMap<readonly string[], Subscription>();

const interned = new Map<string, WeakRef<Subscription>>();
const forget = new FinalizationRegistry<string>((key) => {
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});

/** Live entries of the table: for leak tests. */
export function internedSubscriptions(): number {
  return interned.size;
}

function intern(
  from: Subscription,
  wildcard: boolean,
  added: ReadonlySet<string>,
  gone: readonly string[],
): Subscription {
  let { hashA, hashB } = from;
  for (const name of added) {
    hashA = (hashA + hashName(name, SEED_A)) | 0;
    hashB = (hashB + hashName(name, SEED_B)) | 0;
  }
  for (const name of gone) {
    hashA = (hashA - hashName(name, SEED_A)) | 0;
    hashB = (hashB - hashName(name, SEED_B)) | 0;
  }
  const size = from.names.size + added.size - gone.length;
  if (size === 0 && !wildcard) return Subscription.NONE;
  const key = `${wildcard ? 1 : 0} ${size} ${hashA} ${hashB}`;
  const known = interned.get(key)?.deref();
  if (known !== undefined && holds(known, from, added, gone)) return known;
  const names = new Set(from.names).union(added).difference(new Set(gone));
  const made = new Subscription(wildcard, names, hashA, hashB);
  interned.set(key, new WeakRef(made));
  forget.register(made, key);
  return made;
}

/** The sizes are equal, so it is the same set if everything that is wanted is in it. */
function holds(
  known: Subscription,
  from: Subscription,
  added: ReadonlySet<string>,
  gone: readonly string[],
): boolean {
  const removed = new Set(gone);
  for (const name of added) if (!known.names.has(name)) return false;
  for (const name of from.names) if (!removed.has(name) && !known.names.has(name)) return false;
  return true;
}

/** FNV-1a with a seed of this process, so that no client can make names that collide. */
function hashName(name: string, seed: number): number {
  let value = seed;
  for (let at = 0; at < name.length; at += 1) value = Math.imul(value ^ name.charCodeAt(at), 16_777_619);
  return value;
}
