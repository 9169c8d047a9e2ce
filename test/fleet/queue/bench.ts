import type { ChangeQueue } from '../../../src/fleet/queue/queue.ts';
import { until } from '../../parts/until.ts';

export interface QueueHarness {
  /** A queue of its own, with a short first back-off. */
  open(onFailure: (failure: Failure) => void): ChangeQueue;
}

export interface Failure {
  readonly group: string;
  readonly error: unknown;
  readonly retryInMs: number;
}

type End = () => void;

/** A queue whose runs end when the test says so: endings are given in advance or to a run that waits. */
export class Bench {
  readonly queue: ChangeQueue;
  readonly failures: Failure[] = [];
  readonly #failed = Promise.withResolvers<void>();
  readonly runs: string[] = [];
  readonly done: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #ends = new Map<string, End[]>();
  readonly #open = new Map<string, ((end: End) => void)[]>();
  readonly #most = new Map<string, number>();

  constructor(harness: QueueHarness) {
    this.queue = harness.open((failure) => {
      this.failures.push(failure);
      this.#failed.resolve();
    });
  }

  start(): void {
    this.queue.process(async (group, signal) => {
      this.runs.push(group);
      this.signals.push(signal);
      const end = await this.#ending(group);
      end();
      this.done.push(group);
    });
  }

  finish(group: string): void {
    this.#end(group, () => undefined);
  }

  fail(group: string, ...messages: readonly string[]): void {
    for (const message of messages) {
      this.#end(group, () => {
        throw new Error(message);
      });
    }
  }

  async isRunning(group: string): Promise<void> {
    await until(`${group} to run`, () => (this.#open.get(group)?.length ?? 0) > 0);
  }

  /** Resolves in the same turn as the first failure, before any retry. */
  firstFailure(): Promise<void> {
    return this.#failed.promise;
  }

  mostAtOnce(group: string): number {
    return this.#most.get(group) ?? 0;
  }

  #ending(group: string): Promise<End> {
    const given = this.#ends.get(group)?.shift();
    if (given !== undefined) return Promise.resolve(given);
    return new Promise((resolve) => {
      const open = [...(this.#open.get(group) ?? []), resolve];
      this.#open.set(group, open);
      this.#most.set(group, Math.max(this.mostAtOnce(group), open.length));
    });
  }

  #end(group: string, end: End): void {
    const waiting = this.#open.get(group)?.shift();
    if (waiting !== undefined) waiting(end);
    else this.#ends.set(group, [...(this.#ends.get(group) ?? []), end]);
  }
}
