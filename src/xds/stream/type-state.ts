import type { ResourceSet } from '../resource-set.ts';
import type { StatusDetail, XdsRequest } from './messages.ts';
import type { Push, Pushes } from './push.ts';
import type { StreamEvent } from './stream.ts';
import type { Subscription } from './subscription.ts';

export const NO_NAMES: readonly string[] = [];

/** What a stream's types share. */
export interface StreamContext {
  readonly pushes: Pushes;
  readonly onEvent: (event: StreamEvent) => void;
  /** Types whose empty first request means everything (rule W4). */
  readonly legacyWildcard: (typeUrl: string) => boolean;
}

/** One type on one stream: what is wanted, what the client was brought up to, what is unanswered. */
export interface TypeState {
  readonly typeUrl: string;
  readonly subscription: Subscription;
  /** What the client was last brought up to. */
  readonly base: ResourceSet;
  /** The set of the last ACK. */
  readonly acked: ResourceSet | undefined;
  readonly unanswered: Unanswered | undefined;
  /** True from a NACK until the next ACK. */
  readonly refused: boolean;
  /** True while the first answer is due. */
  readonly first: boolean;
  /** Something may have to be sent to come to `target`; removals that are held count only when `removals` go. */
  needs(target: ResourceSet, removals: boolean): boolean;
  /** True when the client must be told something to come to `target`. */
  hasNews(target: ResourceSet): boolean;
  /** True when removals wait that would have to be held. */
  hasRemovals(target: ResourceSet): boolean;
  /** Comes to `target`; undefined where there is nothing to say. */
  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined;
  /** Sends these again although they did not change. */
  repeat(names: readonly string[]): void;
}

export interface Unanswered {
  readonly push: Push;
  readonly to: ResourceSet;
  readonly sentAt: number;
}

/** The answer side of a type: nonces, ACK and NACK. The same for both variants. */
export class Answers {
  readonly #context: StreamContext;
  readonly #typeUrl: string;
  unanswered: Unanswered | undefined;
  acked: ResourceSet | undefined;
  refused = false;
  /** The highest push number that this type was sent on this stream (rule A4). */
  lastPush = 0;
  #lastNonce = '';

  constructor(context: StreamContext, typeUrl: string) {
    this.#context = context;
    this.#typeUrl = typeUrl;
  }

  /** The type came to `to` by this push, or without a word: then the client has that as well. */
  came(push: Push | undefined, to: ResourceSet, now: number): Push | undefined {
    if (push === undefined) {
      if (!this.refused && this.unanswered === undefined) this.acked = to;
      return undefined;
    }
    this.unanswered = { push, to, sentAt: now };
    this.#lastNonce = push.nonce;
    this.lastPush = push.number;
    return push;
  }

  /** A nonce of this stream that is not the newest: the client has not seen the newest response yet. */
  isStale(nonce: string): boolean {
    return nonce !== '' && nonce !== this.#lastNonce;
  }

  /** One ACK or NACK per nonce (rule B4). */
  take({ responseNonce, error }: XdsRequest): void {
    const { unanswered } = this;
    if (unanswered === undefined || responseNonce !== unanswered.push.nonce) return;
    this.unanswered = undefined;
    if (error === undefined) this.#acknowledge(unanswered);
    else this.#refuse(unanswered.push, error);
  }

  #acknowledge({ push, to }: Unanswered): void {
    this.acked = to;
    this.refused = false;
    const { nonce, version } = push;
    this.#context.onEvent({ kind: 'ack', typeUrl: this.#typeUrl, nonce, version });
  }

  /** The code varies between clients and is not looked at (rule R3). */
  #refuse({ nonce, version, names, removed }: Push, { message }: StatusDetail): void {
    this.refused = true;
    const named = names.filter((name) => message.includes(name));
    this.#context.onEvent({
      kind: 'nack',
      typeUrl: this.#typeUrl,
      nonce,
      version,
      message,
      names: named.length > 0 ? named : names,
      removed,
    });
  }
}
