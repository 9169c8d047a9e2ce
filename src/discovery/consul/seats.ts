/** What one user of a Consul has of its connections. */
export interface Seat {
  /** Room for so many questions that stay open, beside the few that every user has; false: there is none. */
  claim(count: number): boolean;
  leave(): void;
}

/** Every user has the list of services and the state of all checks open. */
const EACH = 2;

/** Shares out how many questions may stay open at once among all users of one Consul (SRC7). */
export class Seats {
  readonly #capacity: number;
  readonly #onEmpty: () => void;
  readonly #claims = new Map<object, number>();

  constructor(capacity: number, onEmpty: () => void) {
    this.#capacity = capacity;
    this.#onEmpty = onEmpty;
  }

  get count(): number {
    return this.#claims.size;
  }

  take(): Seat {
    const key = {};
    this.#claims.set(key, 0);
    return {
      claim: (count) => {
        this.#claims.set(key, 0);
        const used = [...this.#claims.values()].reduce((sum, one) => sum + one + EACH, 0);
        const fits = used + count <= this.#capacity;
        this.#claims.set(key, fits ? count : 0);
        return fits;
      },
      leave: () => {
        if (this.#claims.delete(key) && this.#claims.size === 0) this.#onEmpty();
      },
    };
  }
}
