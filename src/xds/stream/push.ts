import type { Resource } from '../resource.ts';
import type { ResourceSet } from '../resource-set.ts';
import { TYPE_URL } from '../type-urls.ts';
import { endpointsName } from '../wire/cluster-load-assignment.ts';
import { encodeDelta, encodeSotw } from '../wire/encode.ts';
import type { XdsResponse } from './messages.ts';
import type { Subscription } from './subscription.ts';

/** One response as it was sent, by one stream or by many. */
export interface Push extends XdsResponse {
  /** Process-wide and growing; the nonce is this number (rule A4). */
  readonly number: number;
  readonly version: string;
  readonly names: readonly string[];
  readonly removed: readonly string[];
  /** Endpoints that are due again, as the clusters that ask for them were changed (rule O6). */
  readonly updated: readonly string[];
}

export interface PushContent {
  readonly resources: readonly Resource[];
  readonly removed: readonly string[];
  /** Names among the resources that may differ from what the client has. */
  readonly updated: readonly string[];
}

/** What makes two streams' pushes the same: everything that decides the bytes. */
export interface PushKey {
  readonly variant: 'sotw' | 'delta';
  readonly typeUrl: string;
  readonly from: ResourceSet;
  readonly to: ResourceSet;
  readonly subscription: Subscription;
  /** `first`: all that is covered. `step`: what changed. `additions`: the same without removals. */
  readonly flavour: 'first' | 'step' | 'additions';
  /** Names that are answered besides, compared by identity. */
  readonly answers: readonly string[];
}

interface Memo {
  readonly key: Omit<PushKey, 'from' | 'to'>;
  readonly from: number;
  readonly push: Push;
}

const MOST_MEMOS = 16;
const NO_NAMES: readonly string[] = [];

/**
 * Numbers pushes, encodes each once and hands it to every stream that needs the same. One per
 * process, or per server: nonces are unique within it.
 */
export class Pushes {
  readonly #identifier: string;
  readonly #memos = new WeakMap<ResourceSet, Memo[]>();
  #last = 0;

  constructor(identifier: string) {
    this.#identifier = identifier;
  }

  /** A push of an earlier stream with the same key, if its nonce is new to a stream that saw `after`. */
  find(key: PushKey, after: number): Push | undefined {
    const memo = this.#memos.get(key.to)?.find((candidate) => isSame(candidate, key));
    return memo !== undefined && memo.push.number > after ? memo.push : undefined;
  }

  /** Encodes a push and keeps it for the streams that follow. */
  share(key: PushKey, content: PushContent): Push {
    const push = this.single(key.variant, key.typeUrl, key.to.label, content);
    const memos = this.#memos.get(key.to) ?? [];
    const kept = memos.filter((memo) => !isSame(memo, key)).slice(-(MOST_MEMOS - 1));
    const { variant, typeUrl, subscription, flavour, answers } = key;
    const shared = { variant, typeUrl, subscription, flavour, answers };
    this.#memos.set(key.to, [...kept, { key: shared, from: key.from.id, push }]);
    return push;
  }

  /** Encodes a push for one stream alone. */
  single(variant: 'sotw' | 'delta', typeUrl: string, version: string, content: PushContent): Push {
    this.#last += 1;
    const { resources, removed, updated } = content;
    const nonce = String(this.#last);
    const envelope = { typeUrl, version, nonce, identifier: this.#identifier, resources };
    const bytes = variant === 'sotw' ? encodeSotw(envelope) : encodeDelta({ ...envelope, removed });
    const names = resources.map(({ name }) => name);
    const due = typeUrl === TYPE_URL.cluster ? endpointsOf(resources, updated) : NO_NAMES;
    return { number: this.#last, nonce, typeUrl, version, bytes, names, removed, updated: due };
  }
}

function isSame({ key, from }: Memo, wanted: PushKey): boolean {
  return (
    key.subscription === wanted.subscription &&
    key.answers === wanted.answers &&
    from === wanted.from.id &&
    key.flavour === wanted.flavour &&
    key.typeUrl === wanted.typeUrl &&
    key.variant === wanted.variant
  );
}

function endpointsOf(clusters: readonly Resource[], updated: readonly string[]): readonly string[] {
  const wanted = new Set(updated);
  return clusters.filter(({ name }) => wanted.has(name)).map(endpointsName);
}
