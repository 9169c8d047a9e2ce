import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ScopeReport, Source } from '../discovery/source.ts';
import type { SourceConfig } from '../model/config.ts';

interface RunnerOptions {
  /** `names`: the sources that share the watch, at the moment of asking. */
  readonly create: (config: SourceConfig, names: () => readonly string[]) => Source;
  /** Called before a report is told, for what may take long. */
  readonly prepare?: ((source: string, report: ScopeReport) => Promise<void>) | undefined;
  readonly onReport: (source: string, report: ScopeReport) => void;
  /** A source broke its contract and threw: our fault, it is started again. */
  readonly onCrash: (source: string, error: unknown) => void;
}

/** One watch and the sources of the config that it serves: those of equal kind and options (SRC14). */
interface Running {
  readonly config: SourceConfig;
  readonly names: Set<string>;
  /** The last good report of each scope, and the failure since: what a source that joins is told. */
  readonly told: Map<string, readonly ScopeReport[]>;
  /** The first round of reports is over. */
  isSettled: boolean;
  readonly stop: AbortController;
  done: Promise<void>;
}

const RESTART_MS = 1_000;

/** Keeps one watch running for equal sources; a reload leaves those alone whose config is equal (SRC14). */
export class SourceRunner {
  readonly #options: RunnerOptions;
  #running: Running[] = [];
  /** Told to stop and not yet at their end. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  update(configs: Iterable<SourceConfig>): void {
    const before = this.#running;
    const joined: (readonly [Running, string])[] = [];
    const wanted = new Map<Running, Set<string>>();
    this.#running = [...before];
    for (const config of configs) {
      const running = this.#running.find((one) => isEqual(one.config, config)) ?? this.#prepare(config);
      const names = wanted.get(running) ?? new Set();
      wanted.set(running, names.add(config.name));
      if (before.includes(running) && !running.names.has(config.name)) joined.push([running, config.name]);
    }
    for (const running of [...this.#running]) this.#settle(running, wanted.get(running), before);
    for (const [{ told, isSettled }, name] of joined) {
      for (const report of [...told.values()].flat()) {
        // For who joins later, nothing more of the first round is to come.
        this.#options.onReport(name, isSettled ? { ...report, more: undefined } : report);
      }
    }
  }

  async close(): Promise<void> {
    for (const running of [...this.#running]) this.#stop(running);
    await Promise.all(this.#ending);
  }

  #prepare(config: SourceConfig): Running {
    const stop = new AbortController();
    const rest = { told: new Map(), isSettled: false, stop, done: Promise.resolve() };
    const running: Running = { config, names: new Set(), ...rest };
    this.#running.push(running);
    return running;
  }

  /** What an edit means for one watch: its names, its start or its end. */
  #settle(running: Running, names: ReadonlySet<string> | undefined, before: readonly Running[]): void {
    if (names === undefined) {
      this.#stop(running);
      return;
    }
    running.names.clear();
    for (const name of names) running.names.add(name);
    if (!before.includes(running)) running.done = this.#run(running);
  }

  #stop(running: Running): void {
    this.#running = this.#running.filter((one) => one !== running);
    running.stop.abort();
    const ended = running.done.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** Never terminal (SRC5): a watcher that ends or throws is started again. */
  async #run(running: Running): Promise<void> {
    const { config, names, stop } = running;
    const { signal } = stop;
    while (!signal.aborted) {
      try {
        for await (const report of this.#options.create(config, () => [...names]).watch(signal)) {
          for (const name of names) await this.#options.prepare?.(name, report);
          if (!signal.aborted) this.#tell(running, report);
        }
      } catch (error) {
        if (!signal.aborted) this.#options.onCrash(config.name, error);
      }
      await wait(RESTART_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    }
  }

  #tell(running: Running, report: ScopeReport): void {
    const { names, told } = running;
    if (report.more !== true) running.isSettled = true;
    const [last] = told.get(report.scope) ?? [];
    if (report.kind === 'complete' && report.closed === true) told.delete(report.scope);
    else if (report.kind === 'complete') told.set(report.scope, [report]);
    else if (report.kind === 'failure')
      told.set(report.scope, last?.kind === 'complete' ? [last, report] : [report]);
    else if (last !== undefined) told.set(report.scope, [last]);
    for (const name of names) this.#options.onReport(name, report);
  }
}

function isEqual(a: SourceConfig, b: SourceConfig): boolean {
  return a.kind === b.kind && isDeepStrictEqual(a.options, b.options);
}
