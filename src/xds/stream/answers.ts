import type { ResourceSet } from '../resource-set.ts';
import type { StatusDetail, XdsRequest } from './messages.ts';
import type { Push } from './push.ts';
import type { StreamEvent } from './stream.ts';

export interface Unanswered {
  readonly push: Push;
  readonly to: ResourceSet;
  readonly sentAt: number;
}

export interface AnswersOptions {
  readonly typeUrl: string;
  readonly onEvent: (event: StreamEvent) => void;
  /** An ACK is for the whole type: nothing that was refused before is left. */
  readonly whole: boolean;
}

const NO_SET: ReadonlySet<string> = new Set();
/** A silent client leaves one more open each time that a newer CDS supersedes. */
const MOST_OPEN = 8;

/** The answer side of a type: nonces, ACK and NACK, and so what the client is known to have. The same for both variants. */
export class Answers {
  readonly #options: AnswersOptions;
  /** Sent and not answered, oldest first; more than one only where a newer one superseded. */
  #open: readonly Unanswered[] = [];
  /** What the client took, but for `#lacking`. */
  #confirmed: ResourceSet | undefined;
  /** In `#confirmed`, yet not sure to be at the client: removed in an open push, new in a refused one. */
  #lacking: ReadonlySet<string> = NO_SET;
  /** Refused names that no later ACK has settled: the client still runs what it had of them. */
  #refused: ReadonlySet<string> = NO_SET;
  /** The highest push number that this type was sent on this stream (rule A4). */
  lastPush = 0;
  ackedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  get unanswered(): Unanswered | undefined {
    return this.#open.at(-1);
  }

  /** The client is known to have this resource in some version. */
  has(name: string): boolean {
    return this.#confirmed?.has(name) === true && !this.#lacking.has(name);
  }

  /** The client is known to have all of this very set. */
  hasAll(set: ResourceSet): boolean {
    return this.#confirmed === set && this.#lacking.size === 0;
  }

  isRefusing(covers: (name: string) => boolean): boolean {
    return this.#refused.size > 0 && [...this.#refused].some(covers);
  }

  /** `lost`: what this push takes from the client. */
  sent(push: Push, to: ResourceSet, now: number, lost: readonly string[]): Push {
    this.#open = [...this.#open, { push, to, sentAt: now }].slice(-MOST_OPEN);
    this.lastPush = push.number;
    if (lost.length > 0) this.#lacking = new Set([...this.#lacking, ...lost]);
    return push;
  }

  /** The client came with all of `set` but these. */
  confirm(set: ResourceSet, lacking: readonly string[]): void {
    this.#confirmed = set;
    this.#lacking = lacking.length === 0 ? NO_SET : new Set(lacking);
  }

  /** A nonce of this stream that is not the newest: the client has not seen the newest response yet. */
  isStale(nonce: string): boolean {
    return nonce !== '' && this.lastPush > 0 && nonce !== String(this.lastPush);
  }

  /** One ACK or NACK per nonce (rule B4); a late one of a superseded push still counts. */
  take({ responseNonce, error }: XdsRequest, now: number): void {
    const at = this.#open.findIndex(({ push }) => push.nonce === responseNonce);
    const answered = this.#open[at];
    if (answered === undefined) return;
    this.#open = this.#open.slice(at + 1);
    if (error === undefined) this.#acknowledge(answered, now);
    else this.#refuse(answered.push, error);
  }

  #acknowledge({ push, to }: Unanswered, now: number): void {
    this.#confirmed = to;
    this.ackedAt = now;
    if (this.#lacking.size + this.#refused.size > 0) this.#settle(push);
    const { nonce, version } = push;
    this.#options.onEvent({ kind: 'ack', typeUrl: this.#options.typeUrl, nonce, version });
  }

  #settle({ names, removed }: Push): void {
    const settled = new Set([...names, ...removed]);
    const lost = this.#open.flatMap(({ push }) => push.removed);
    this.#lacking = new Set([...[...this.#lacking].filter((name) => !settled.has(name)), ...lost]);
    this.#refused = this.#options.whole ? NO_SET : this.#refused.difference(settled);
  }

  /** The code varies between clients and is not looked at (rule R3). */
  #refuse({ nonce, version, names, removed }: Push, { message }: StatusDetail): void {
    const named = names.filter((name) => message.includes(name));
    const refused = named.length > 0 ? named : names;
    this.#lacking = this.#lacking.union(new Set(refused.filter((name) => !this.has(name))));
    this.#refused = this.#refused.union(new Set([...refused, ...removed]));
    const { typeUrl, onEvent } = this.#options;
    onEvent({ kind: 'nack', typeUrl, nonce, version, message, names: refused, removed });
  }
}
