import type { ScopeReport } from '../../discovery/source.ts';
import type { ScopeCounters } from '../seen.ts';

/** How well a scope can be read: its age, its last failure, and what was counted (SRC16). */
export class ScopeHealth {
  /** Epoch milliseconds of the last good report, of before the restart too. */
  at: number | undefined;
  /** Nothing was read since the restart. */
  restored = false;
  /** Older than the source's `maxAge`. */
  stale = false;
  #error: string | undefined;
  #failures = 0;
  #nextAttempt: number | undefined;
  #reports = 0;
  #changes = 0;
  #errors = 0;

  note(report: ScopeReport, now: number): void {
    this.#reports += 1;
    this.#nextAttempt = report.nextAttempt;
    if (report.kind === 'failure') {
      this.#errors += 1;
      this.#failures += 1;
      this.#error = report.error.message;
      if (report.gone !== true) return;
    } else {
      this.#error = undefined;
      this.#failures = 0;
    }
    this.at = now;
    this.restored = false;
    this.stale = false;
  }

  changed(): void {
    this.#changes += 1;
  }

  get error(): string | undefined {
    return this.#error;
  }

  get failures(): number {
    return this.#failures;
  }

  get nextAttempt(): number | undefined {
    return this.#nextAttempt;
  }

  get counters(): ScopeCounters {
    return { reports: this.#reports, changes: this.#changes, errors: this.#errors };
  }
}
