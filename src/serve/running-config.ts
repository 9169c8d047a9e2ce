import type { Logger } from 'pino';
import type { ConfigFile } from '../config/load.ts';
import type { ParseCache } from '../config/parse-cache.ts';
import { watchConfig } from '../config/watch.ts';
import { formatProblem, type Problem } from '../errors.ts';
import type { FleetState } from '../fleet/state/state.ts';
import type { Config } from '../model/config.ts';
import { VOCABULARY } from '../offline/vocabulary.ts';
import type { Metrics } from './metrics.ts';
import type { StartConfig } from './start-config.ts';

/** What status says of the config that runs. */
export interface ConfigFacts {
  readonly path: string;
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly loadedAt: number;
  /** The config that runs is the one kept on disk. */
  readonly restored: boolean;
  /** Why the files are not what runs. */
  readonly problems: readonly Problem[];
}

interface RunningConfigOptions {
  readonly path: string;
  readonly state: FleetState;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Puts an accepted config to work. */
  readonly onConfig: (config: Config) => void;
}

/** Which config runs, and why the newest edit does not: followed in status, log and metrics. */
export class RunningConfig {
  readonly #options: RunningConfigOptions;
  #facts: ConfigFacts;
  #hash = '';
  #cache: ParseCache | undefined;

  constructor(options: RunningConfigOptions) {
    this.#options = options;
    this.#facts = { path: options.path, revision: 0, loadedAt: 0, restored: false, problems: [] };
  }

  get facts(): ConfigFacts {
    return this.#facts;
  }

  /** The config of the start; `stored`: the revision it had on disk, if it comes from there. */
  begin({ config, files, problems, restored, cache }: StartConfig, stored: number | undefined): void {
    this.#cache = cache;
    const { state } = this.#options;
    this.#accept(config, files, restored ? (stored ?? 0) : state.nextRevision(), restored);
    if (restored) this.#refuse(problems);
  }

  /** Follows the files until `signal` aborts. */
  watch(config: Config, signal: AbortSignal): Promise<void> {
    return watchConfig({
      path: this.#options.path,
      vocabulary: VOCABULARY,
      current: config,
      cache: this.#cache,
      signal,
      onConfig: (next, warnings, files) => this.#edited(next, warnings, files),
      onProblems: (problems) => this.#refuse(problems),
    });
  }

  /** Also when only comments or lines moved: places in status follow them. */
  #edited(config: Config, warnings: readonly Problem[], files: readonly ConfigFile[]): void {
    const { logger, metrics, onConfig, state } = this.#options;
    const isNews = config.hash !== this.#hash;
    const wasRefused = this.#facts.problems.length > 0;
    onConfig(config);
    this.#accept(config, files, isNews ? state.nextRevision() : this.#facts.revision, false);
    if (!isNews && !wasRefused) return;
    metrics.configReloads.inc({ result: 'accepted' });
    for (const warning of warnings) logger.warn(formatProblem(warning));
    logger.info({ revision: this.#facts.revision, hash: config.hash }, 'config accepted');
  }

  #accept(config: Config, files: readonly ConfigFile[], revision: number, restored: boolean): void {
    this.#hash = config.hash;
    this.#facts = { path: this.#options.path, revision, loadedAt: Date.now(), restored, problems: [] };
    if (!restored) this.#options.state.saveConfig({ revision, hash: config.hash, files });
  }

  #refuse(problems: readonly Problem[]): void {
    this.#facts = { ...this.#facts, problems };
    this.#options.metrics.configReloads.inc({ result: 'refused' });
    const lines = problems.map(formatProblem);
    this.#options.logger.info({ problems: lines }, 'the config has mistakes; the last good one runs on');
  }
}
