import type { Origin } from '../model/origin.ts';

/** The last refusal of one type by one stream. */
export interface Refusal {
  readonly message: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The user's objects that the refused resources came from. */
  readonly objects: readonly Origin[];
}

/** A node that was turned away, however often. */
export interface RefusedNode {
  readonly id: string;
  readonly address: string;
  readonly reason: string;
  readonly at: number;
  readonly count: number;
}

/** Nodes that were turned away are remembered up to here, the newest ones. */
const MOST_REFUSED = 200;
const LONGEST_ID = 256;

/**
 * What nodes answered: which stream refused what, by the user's objects, and who was turned away.
 * What they run is read from the streams themselves.
 */
export class NodeRegistry {
  readonly #refusals = new Map<number, Map<string, Refusal>>();
  readonly #turnedAway = new Map<string, RefusedNode>();

  nack(stream: number, typeUrl: string, refusal: Refusal): void {
    const types = this.#refusals.get(stream) ?? new Map<string, Refusal>();
    types.set(typeUrl, refusal);
    this.#refusals.set(stream, types);
  }

  ack(stream: number, typeUrl: string): void {
    this.#refusals.get(stream)?.delete(typeUrl);
  }

  closed(stream: number): void {
    this.#refusals.delete(stream);
  }

  refusal(stream: number, typeUrl: string): Refusal | undefined {
    return this.#refusals.get(stream)?.get(typeUrl);
  }

  /** Answers true when it is news: worth a line in the log. */
  turnAway(id: string, address: string, reason: string, now: number): boolean {
    const shown = id.slice(0, LONGEST_ID);
    const before = this.#turnedAway.get(shown);
    this.#turnedAway.delete(shown);
    this.#turnedAway.set(shown, { id: shown, address, reason, at: now, count: (before?.count ?? 0) + 1 });
    const oldest = this.#turnedAway.keys().next().value;
    if (this.#turnedAway.size > MOST_REFUSED && oldest !== undefined) this.#turnedAway.delete(oldest);
    return before?.reason !== reason;
  }

  /** It was let in after all. */
  admitted(id: string): void {
    this.#turnedAway.delete(id.slice(0, LONGEST_ID));
  }

  turnedAway(): readonly RefusedNode[] {
    return [...this.#turnedAway.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
