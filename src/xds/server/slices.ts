/**
 * Runs queued work in slices, so that waking a thousand streams does not hold the event loop: at most `count`
 * items or `milliseconds` at a time, then other events get their turn. An item queued twice runs once.
 */
export interface Slices<T> {
  add(item: T): void;
  readonly waiting: number;
}

export interface SliceLimits {
  readonly count: number;
  readonly milliseconds: number;
  readonly now: () => number;
}

export function createSlices<T>(run: (item: T) => void, limits: SliceLimits): Slices<T> {
  const queue = new Set<T>();
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queue.size === 0) return;
    scheduled = true;
    setImmediate(slice);
  }

  function slice(): void {
    scheduled = false;
    const until = limits.now() + limits.milliseconds;
    let left = limits.count;
    for (const item of queue) {
      queue.delete(item);
      run(item);
      left -= 1;
      if (left === 0 || limits.now() >= until) break;
    }
    schedule();
  }

  return {
    add(item) {
      queue.add(item);
      schedule();
    },
    get waiting() {
      return queue.size;
    },
  };
}
