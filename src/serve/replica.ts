import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Builder, type BuildOutcome } from '../fleet/build.ts';
import { FleetLoop } from '../fleet/loop.ts';
import { NodeRegistry } from '../fleet/nodes.ts';
import { QUEUE_DRIVERS } from '../fleet/queue/index.ts';
import type { FleetState, StoredState } from '../fleet/state/state.ts';
import { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { RestoredSecrets, SealedSecrets } from '../sealed/sealed-secrets.ts';
import type { SecretRefresher } from '../secrets/refresh.ts';
import { SnapshotCache } from '../xds/cache.ts';
import type { ProtoRegistry } from '../xds/proto/registry.ts';
import type { XdsServer } from '../xds/server/server.ts';
import { Alarms } from './alarms.ts';
import { Audit } from './audit.ts';
import { Feeds, sourceKinds } from './feeds.ts';
import { createGauges } from './gauges.ts';
import { createSealed, createState, type KeptOptions } from './kept.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { NodeAccess } from './node-access.ts';
import { createNodePort, isSettled, moveStreams, type NodePortParts } from './node-port.ts';
import { publish } from './publish.ts';
import { type ConfigFacts, RunningConfig } from './running-config.ts';
import type { StartConfig } from './start-config.ts';
import { createTranslation } from './translation.ts';

export interface ReplicaOptions extends KeptOptions {
  readonly configPath: string;
  readonly trustDomain: string | undefined;
  readonly allowPlaintext: boolean;
  /** Who is let in over mTLS; opened and closed by whoever made the replica. */
  readonly access: NodeAccess;
  readonly proto: ProtoRegistry;
}

/** How long the first build waits for sources and secrets that have not answered: then the last good is served. */
const FIRST_ANSWERS_MS = 3_000;

/** The parts of one replica, joined: sources and secrets in, snapshots out to the node port. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #stop = new AbortController();
  readonly #loop: FleetLoop;
  readonly #feeds: Feeds;
  readonly #running: RunningConfig;
  readonly #alarms: Alarms;
  #watching: Promise<void> = Promise.resolve();
  readonly cache = new SnapshotCache();
  readonly world = new World();
  readonly nodes = new NodeRegistry();
  readonly state: FleetState;
  readonly sealed: SealedSecrets;
  readonly builder: Builder;
  readonly metrics: Metrics;
  readonly server: XdsServer;

  constructor(options: ReplicaOptions) {
    const { logger, configPath: path } = options;
    this.#options = options;
    this.state = createState(options);
    this.sealed = createSealed(options);
    this.builder = new Builder({
      world: this.world,
      translation: createTranslation(options.proto),
      publish: (publication) => publish(this.cache, publication),
      nextRevision: () => this.state.nextRevision(),
    });
    this.metrics = createMetrics(createGauges(this, options.access));
    const nodePort = this.#nodePort();
    this.server = createNodePort(nodePort);
    this.#alarms = new Alarms(this.world, logger);
    this.#loop = this.#createLoop();
    const { world, sealed, metrics, state } = this;
    const { signal } = this.#stop;
    this.#feeds = new Feeds({ loop: this.#loop, world, sealed, metrics, logger, signal });
    this.#running = new RunningConfig({
      path,
      state,
      metrics,
      logger,
      onConfig: (config) => {
        this.#loop.setConfig(config);
        this.#feeds.follow(config);
        moveStreams(this.server, config, nodePort);
      },
    });
  }

  get config(): Config | undefined {
    return this.#loop.config;
  }

  get facts(): ConfigFacts {
    return this.#running.facts;
  }

  get secrets(): SecretRefresher {
    return this.#feeds.secrets;
  }

  get stateDir(): string | undefined {
    return this.#options.stateDir;
  }

  /** Takes over the config and the last good state and secrets of before the restart. Nothing is served yet. */
  adopt(start: StartConfig, stored: StoredState, { secrets, problems }: RestoredSecrets): void {
    for (const problem of [...stored.problems, ...problems]) this.#options.logger.warn(problem);
    this.#loop.setConfig(start.config);
    this.#loop.restore(stored);
    for (const [name, secret] of secrets) this.#loop.secret(name, secret);
    this.#feeds.restore(secrets);
    this.#running.begin(start, stored.config?.revision);
  }

  /** Gathers, then builds: resolves once building has begun. */
  async start(): Promise<void> {
    const { config } = this;
    if (config === undefined) throw new RangeError('adopt comes before start');
    await this.#feeds.begin(config, await folderOf(this.#options.configPath), FIRST_ANSWERS_MS);
    if (this.#stop.signal.aborted) return;
    this.#loop.start();
    this.#watching = this.#running.watch(config, this.#stop.signal);
  }

  /** Accepts a held shrink; false: nothing is held there. */
  release(source: string, scope: string): boolean {
    return this.#loop.release(source, scope);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.server.close(1_000);
    await Promise.all([this.#feeds.close(), this.#watching]);
    await this.#loop.close();
    await this.state.close();
  }

  #nodePort(): NodePortParts {
    const { logger, trustDomain, allowPlaintext, access } = this.#options;
    const { cache, builder, nodes, metrics } = this;
    const rules = { trustDomain, allowPlaintext };
    const { operators, denylist } = access;
    const audit = new Audit(metrics, access.auditLoggers);
    const config = (): Config | undefined => this.config;
    return { cache, builder, nodes, metrics, logger, rules, config, audit, operators, denylist };
  }

  #createLoop(): FleetLoop {
    const { logger } = this.#options;
    return new FleetLoop({
      world: this.world,
      builder: this.builder,
      state: this.state,
      queue: QUEUE_DRIVERS.memory({
        onFailure: (group, err, retryInMs) => {
          this.metrics.builds.inc({ group, result: 'failed' });
          logger.error(
            { group, retryInMs, err },
            'a group could not be built; it keeps what it was given last',
          );
        },
      }),
      sourceKinds,
      isSettled: (group) => isSettled(this.server, group),
      onBuilt: (group, outcome, tookMs) => this.#built(group, outcome, tookMs),
      onTick: () => this.#tick(),
      now: () => Date.now(),
    });
  }

  #tick(): void {
    this.#alarms.check(this.config?.sources.keys() ?? [], this.secrets.status());
    this.#feeds.sweepSealed();
  }

  #built(group: string, outcome: BuildOutcome, tookMs: number): void {
    this.metrics.builds.inc({ group, result: outcome.kind });
    if (outcome.kind !== 'committed') return;
    this.metrics.buildSeconds.observe({ group }, tookMs / 1000);
    const { revision, set, removed } = outcome;
    this.#options.logger.info({ group, revision, changed: set, removed }, 'group built');
  }
}

/** Where relative paths of a config start. */
async function folderOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // gone since: the last good config runs
  );
  return isFolder ? path : dirname(path);
}
