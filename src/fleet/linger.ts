/**
 * How long what a group stopped using (clusters, their endpoints, secrets) stays in the committed
 * snapshot: until every connected node has ACKed without it, and at least 60 s (design, section 5,
 * point 4). A node that reconnects to another replica in the middle of an edit still finds what its
 * old routes name.
 */
export const LINGER_MS = 60_000;

interface Lingering {
  readonly since: number;
  readonly released: boolean;
}

/** The clock of each thing that lingers, by a key that is unique over types. */
export class LingerList {
  readonly #items = new Map<string, Lingering>();

  get size(): number {
    return this.#items.size;
  }

  has(key: string): boolean {
    return this.#items.has(key);
  }

  /** Out of use: whether it still stays. Once it was released it is forgotten here. */
  keep(key: string, now: number): boolean {
    const item = this.#items.get(key);
    if (item?.released === true) this.#items.delete(key);
    else if (item === undefined) this.#items.set(key, { since: now, released: false });
    return item?.released !== true;
  }

  /** In use again. */
  remove(key: string): void {
    this.#items.delete(key);
  }

  /** Releases what has lingered long enough; `settled`: all connected nodes ACKed the present state. */
  release(now: number, settled: boolean): boolean {
    let any = false;
    for (const [key, { since, released }] of this.#items) {
      if (released || !settled || now - since < LINGER_MS) continue;
      this.#items.set(key, { since, released: true });
      any = true;
    }
    return any;
  }
}
