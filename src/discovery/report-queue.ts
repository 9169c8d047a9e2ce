import type { ScopeReport } from './source.ts';

interface Waiting {
  readonly report: ScopeReport;
  readonly taken: () => void;
}

/**
 * Joins the reports of several loops into the one stream of a source. `put` resolves once the
 * consumer has dealt with the report, so that no loop runs ahead of what is served.
 */
export class ReportQueue {
  readonly #waiting: Waiting[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  put(report: ScopeReport): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ report, taken });
      this.#wake?.();
    });
  }

  /** Ends when `signal` aborts; what was not taken by then is dropped and its loops go on. */
  async *reports(signal: AbortSignal): AsyncGenerator<ScopeReport, void, void> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const next = this.#waiting.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
            if (signal.aborted) resolve();
          });
          continue;
        }
        yield next.report;
        next.taken();
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#closed = true;
      for (const { taken } of this.#waiting.splice(0)) taken();
    }
  }
}
