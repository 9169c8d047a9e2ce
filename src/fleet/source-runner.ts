import { setTimeout as wait } from 'node:timers/promises';
import type { ScopeReport, Source } from '../discovery/source.ts';
import type { SourceConfig } from '../model/config.ts';

interface RunnerOptions {
  readonly create: (config: SourceConfig) => Source;
  readonly onReport: (source: string, report: ScopeReport) => void;
  /** A source broke its contract and threw: our fault, it is started again. */
  readonly onCrash: (source: string, error: unknown) => void;
}

interface Running {
  readonly identity: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

const RESTART_MS = 1_000;

/** Keeps one watcher running per source; a reload leaves those alone whose config is equal (SRC14). */
export class SourceRunner {
  readonly #options: RunnerOptions;
  readonly #running = new Map<string, Running>();
  /** Told to stop and not yet at their end. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  update(configs: Iterable<SourceConfig>): void {
    const left = new Set(this.#running.keys());
    for (const config of configs) {
      left.delete(config.name);
      const identity = JSON.stringify([config.kind, config.options]);
      if (this.#running.get(config.name)?.identity === identity) continue;
      this.#stop(config.name);
      this.#start(config, identity);
    }
    for (const name of left) this.#stop(name);
  }

  async close(): Promise<void> {
    for (const name of [...this.#running.keys()]) this.#stop(name);
    await Promise.all(this.#ending);
  }

  #stop(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    running.stop.abort();
    const ended = running.done.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #start(config: SourceConfig, identity: string): void {
    const stop = new AbortController();
    this.#running.set(config.name, { identity, stop, done: this.#run(config, stop.signal) });
  }

  /** Never terminal (SRC5): a watcher that ends or throws is started again. */
  async #run(config: SourceConfig, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const report of this.#options.create(config).watch(signal)) {
          if (!signal.aborted) this.#options.onReport(config.name, report);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.onCrash(config.name, error);
      }
      await wait(RESTART_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    }
  }
}
