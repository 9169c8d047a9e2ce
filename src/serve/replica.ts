import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { ConfigFile } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { SOURCES } from '../discovery/index.ts';
import type { ScopeReport, SourceAdapter } from '../discovery/source.ts';
import { formatProblem, type MusterError, type Problem } from '../errors.ts';
import { Builder, type BuildOutcome } from '../fleet/build.ts';
import { FleetLoop } from '../fleet/loop.ts';
import { NodeRegistry } from '../fleet/nodes.ts';
import { QUEUE_DRIVERS } from '../fleet/queue/index.ts';
import { SourceRunner } from '../fleet/source-runner.ts';
import { STATE_DRIVERS } from '../fleet/state/index.ts';
import type { FleetState, StoredState } from '../fleet/state/state.ts';
import { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import { VOCABULARY } from '../offline/vocabulary.ts';
import { createSecretRefresher, type SecretRefresher } from '../secrets/refresh.ts';
import { SnapshotCache } from '../xds/cache.ts';
import type { ProtoRegistry } from '../xds/proto/registry.ts';
import type { XdsServer } from '../xds/server/server.ts';
import { FirstAnswers } from './first-answers.ts';
import { createGauges } from './gauges.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createNodePort, isSettled, moveStreams, type NodePortParts } from './node-port.ts';
import { publish } from './publish.ts';
import type { StartConfig } from './start-config.ts';
import { Stores } from './stores.ts';
import { createTranslation } from './translation.ts';
import type { ConfigFacts } from './view.ts';

export interface ReplicaOptions {
  readonly configPath: string;
  /** undefined: nothing is kept over a restart. */
  readonly stateDir: string | undefined;
  readonly trustDomain: string | undefined;
  readonly allowPlaintext: boolean;
  readonly proto: ProtoRegistry;
  readonly logger: Logger;
}

/** How long the first build waits for sources and secrets that have not answered: then the last good is served. */
const FIRST_ANSWERS_MS = 3_000;

/** The parts of one replica, joined: sources and secrets in, snapshots out to the node port. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #stop = new AbortController();
  readonly #loop: FleetLoop;
  readonly #sources: SourceRunner;
  readonly #first = new FirstAnswers();
  readonly #nodePort: NodePortParts;
  readonly #stores = new Stores();
  #facts: ConfigFacts;
  #baseDir = '.';
  #watching: Promise<void> = Promise.resolve();
  readonly cache = new SnapshotCache();
  readonly world = new World();
  readonly nodes = new NodeRegistry();
  readonly state: FleetState;
  readonly builder: Builder;
  readonly metrics: Metrics;
  readonly server: XdsServer;
  readonly secrets: SecretRefresher;

  constructor(options: ReplicaOptions) {
    const { logger, trustDomain, allowPlaintext } = options;
    this.#options = options;
    this.#facts = { path: options.configPath, revision: 0, loadedAt: 0, restored: false, problems: [] };
    this.state = createState(options);
    this.builder = new Builder({
      world: this.world,
      translation: createTranslation(options.proto),
      publish: (publication) => publish(this.cache, publication),
      nextRevision: () => this.state.nextRevision(),
    });
    this.metrics = createMetrics(createGauges(this));
    this.#nodePort = {
      cache: this.cache,
      builder: this.builder,
      nodes: this.nodes,
      metrics: this.metrics,
      logger,
      rules: { trustDomain, allowPlaintext },
      config: () => this.config,
    };
    this.server = createNodePort(this.#nodePort);
    this.#loop = this.#createLoop();
    this.#sources = this.#createSources();
    this.secrets = this.#createSecrets();
  }

  get config(): Config | undefined {
    return this.#loop.config;
  }

  get stateDir(): string | undefined {
    return this.#options.stateDir;
  }

  get facts(): ConfigFacts {
    return this.#facts;
  }

  /** Takes over the config and the last good state of before the restart. Nothing is served yet. */
  adopt(start: StartConfig, stored: StoredState): void {
    for (const problem of stored.problems) this.#options.logger.warn(problem);
    this.#loop.setConfig(start.config);
    this.#loop.restore(stored);
    const revision = start.restored ? (stored.config?.revision ?? 0) : this.state.nextRevision();
    this.#accept(start.files, revision, start.restored);
    if (start.restored) this.#refuse(start.problems);
  }

  /** Gathers, then builds: resolves once building has begun. */
  async start(): Promise<void> {
    const { config, facts } = this;
    if (config === undefined) throw new RangeError('adopt comes before start');
    this.#baseDir = await folderOf(this.#options.configPath);
    this.#first.expect(config);
    this.#follow(config);
    await this.#first.wait(FIRST_ANSWERS_MS);
    if (this.#stop.signal.aborted) return;
    this.#loop.start();
    this.#watching = this.#watch(config, facts.problems.length > 0);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.server.close(1_000);
    await Promise.all([this.#sources.close(), this.#watching]);
    await this.#loop.close();
    await this.state.close();
  }

  #createLoop(): FleetLoop {
    const { logger } = this.#options;
    return new FleetLoop({
      world: this.world,
      builder: this.builder,
      state: this.state,
      queue: QUEUE_DRIVERS.memory({
        onFailure: (group, error, retryInMs) => {
          this.metrics.builds.inc({ group, result: 'failed' });
          logger.error(
            { group, retryInMs, err: error },
            'a group could not be built; it keeps what it was given last',
          );
        },
      }),
      serviceLabel: (kind) => adapterOf(kind)?.serviceLabel,
      isSettled: (group) => isSettled(this.server, group),
      onBuilt: (group, outcome, tookMs) => this.#built(group, outcome, tookMs),
      now: () => Date.now(),
    });
  }

  #createSources(): SourceRunner {
    const { logger } = this.#options;
    return new SourceRunner({
      create: ({ name, kind, options }) => {
        const adapter = adapterOf(kind);
        if (adapter === undefined) throw new RangeError(`no source of kind "${kind}"`);
        const knownScopes = this.world.scopes(name).map(({ scope }) => scope);
        return adapter.create(options, { name, baseDir: this.#baseDir, knownScopes });
      },
      onReport: (source, report) => this.#report(source, report),
      onCrash: (source, error) =>
        logger.error({ source, err: error }, 'a source failed by a fault of ours; it is started again'),
    });
  }

  #createSecrets(): SecretRefresher {
    const { logger } = this.#options;
    return createSecretRefresher({
      signal: this.#stop.signal,
      onSecret: (name, secret) => {
        logger.info({ secret: name, version: secret.version }, 'a secret has a new version');
        this.#loop.secret(name, secret);
        this.#first.secret(name);
      },
      onProblem: (name, problem) => this.#secretProblem(name, problem),
      onWarning: (name, warning) => logger.warn({ secret: name }, warning),
    });
  }

  #report(source: string, report: ScopeReport): void {
    const before = this.world.scopes(source).find(({ scope }) => scope === report.scope);
    this.metrics.sourceReports.inc({ source, result: report.kind });
    this.#loop.report(source, report);
    this.#first.source(source);
    const { logger } = this.#options;
    if (report.kind === 'complete') {
      if (before?.error !== undefined)
        logger.info({ source, scope: report.scope }, 'the scope can be read again');
    } else if (before?.error !== report.error.message) {
      logger.warn(
        { source, scope: report.scope, error: report.error.message },
        'a scope cannot be read; its last good stays',
      );
    }
  }

  #secretProblem(name: string, problem: MusterError | undefined): void {
    this.#first.secret(name);
    const { logger } = this.#options;
    if (problem === undefined) {
      logger.info({ secret: name }, 'the secret is well again');
      return;
    }
    this.metrics.secretProblems.inc();
    logger.error({ secret: name }, `${problem.message}; the last good version stays`);
  }

  #built(group: string, outcome: BuildOutcome, tookMs: number): void {
    this.metrics.builds.inc({ group, result: outcome.kind });
    if (outcome.kind !== 'committed') return;
    this.metrics.buildSeconds.observe({ group }, tookMs / 1000);
    const { revision, set, removed } = outcome;
    this.#options.logger.info({ group, revision, changed: set, removed }, 'group built');
  }

  /** Sources, stores and secrets of a config; what is equal runs on. */
  #follow(config: Config): void {
    this.#sources.update(config.sources.values());
    this.secrets.update(config.secrets.values(), this.#stores.update(config, this.#baseDir));
  }

  #watch(config: Config, refusedAtStart: boolean): Promise<void> {
    let refused = refusedAtStart;
    return watchConfig({
      path: this.#options.configPath,
      vocabulary: VOCABULARY,
      current: config,
      signal: this.#stop.signal,
      onConfig: (next, warnings, files) => {
        if (next.hash !== this.config?.hash || refused) this.#edited(next, warnings, files);
        refused = false;
      },
      onProblems: (found) => {
        refused = true;
        this.#refuse(found);
      },
    });
  }

  #edited(config: Config, warnings: readonly Problem[], files: readonly ConfigFile[]): void {
    const { logger } = this.#options;
    this.metrics.configReloads.inc({ result: 'accepted' });
    this.#loop.setConfig(config);
    this.#follow(config);
    this.#accept(files, this.state.nextRevision(), false);
    moveStreams(this.server, config, this.#nodePort);
    for (const warning of warnings) logger.warn(formatProblem(warning));
    logger.info({ revision: this.#facts.revision, hash: config.hash }, 'config accepted');
  }

  #accept(files: readonly ConfigFile[], revision: number, restored: boolean): void {
    this.#facts = { path: this.#options.configPath, revision, loadedAt: Date.now(), restored, problems: [] };
    if (!restored) this.state.saveConfig({ revision, hash: this.config?.hash ?? '', files });
  }

  #refuse(problems: readonly Problem[]): void {
    this.#facts = { ...this.#facts, problems };
    this.metrics.configReloads.inc({ result: 'refused' });
    this.#options.logger.info(
      { problems: problems.map(formatProblem) },
      'the config has mistakes; the last good one runs on',
    );
  }
}

function createState({ stateDir, logger }: ReplicaOptions): FleetState {
  if (stateDir === undefined) return STATE_DRIVERS.memory();
  return STATE_DRIVERS.disk({
    dir: stateDir,
    onHealth: ({ ok, error }) => {
      if (ok) logger.info('the state directory can be written again');
      else logger.error(error ?? 'the state directory cannot be written');
    },
  });
}

function adapterOf(kind: string): SourceAdapter<unknown> | undefined {
  const adapters: Readonly<Record<string, SourceAdapter<unknown>>> = SOURCES;
  return adapters[kind];
}

/** Where relative paths of a config start. */
async function folderOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // gone since: the last good config runs
  );
  return isFolder ? path : dirname(path);
}
