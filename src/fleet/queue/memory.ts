import type { ChangeQueue } from './queue.ts';

type Run = (group: string, signal: AbortSignal) => Promise<void>;

interface MemoryQueueOptions {
  /** Told once per failed run; the run is tried again after the back-off. */
  readonly onFailure: (group: string, error: unknown, retryInMs: number) => void;
  /** First wait after a failure; doubles up to 60 s. */
  readonly backoffMs?: number;
}

const LONGEST_BACKOFF_MS = 60_000;

/** The queue of a single process: nothing to install, nothing to lose. */
export function createMemoryQueue(options: MemoryQueueOptions): ChangeQueue {
  return new MemoryQueue(options);
}

class MemoryQueue implements ChangeQueue {
  readonly #options: MemoryQueueOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #run: Run | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
  }

  markDirty(group: string): void {
    if (this.#closing.signal.aborted) return;
    this.#waiting.add(group);
    this.#start(group);
  }

  process(run: Run): void {
    this.#run = run;
    for (const group of [...this.#waiting]) this.#start(group);
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#waiting.clear();
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    await Promise.allSettled(this.#running.values());
    this.#settleIdle();
  }

  #start(group: string): void {
    const run = this.#run;
    if (run === undefined || this.#running.has(group) || this.#retries.has(group)) return;
    this.#waiting.delete(group);
    this.#running.set(group, this.#attempt(group, run));
  }

  async #attempt(group: string, run: Run): Promise<void> {
    try {
      await run(group, this.#closing.signal);
      this.#failures.delete(group);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#retryLater(group, error);
    }
    this.#running.delete(group);
    if (this.#waiting.has(group)) this.#start(group);
    this.#settleIdle();
  }

  /** A change that arrives meanwhile joins the retry: a poison group never spins. */
  #retryLater(group: string, error: unknown): void {
    const failures = this.#failures.get(group) ?? 0;
    const wait = Math.min((this.#options.backoffMs ?? 500) * 2 ** failures, LONGEST_BACKOFF_MS);
    this.#failures.set(group, failures + 1);
    this.#waiting.add(group);
    this.#retries.set(
      group,
      setTimeout(() => {
        this.#retries.delete(group);
        this.#start(group);
      }, wait),
    );
    this.#options.onFailure(group, error, wait);
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0;
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
