/**
 * Which groups are to be rebuilt. A job is a dirty flag `{group}` without data: the builder reads
 * the present state when it starts. At most one job of a group waits and one runs; a change that
 * arrives while its group is being built runs once more after it. At least once, so `run` must be
 * safe to repeat. A run that throws is retried with back-off; losing the queue loses nothing that
 * a sweep over all groups does not find again.
 */
export interface ChangeQueue {
  /** Never blocks and never throws. */
  markDirty(group: string): void;
  /** Starts taking jobs; called once. `signal` aborts when the queue closes. */
  process(run: (group: string, signal: AbortSignal) => Promise<void>): void;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
  /** Takes no more jobs and waits for the running ones. */
  close(): Promise<void>;
}
