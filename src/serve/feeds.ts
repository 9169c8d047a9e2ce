import type { Logger } from 'pino';
import { SOURCES } from '../discovery/index.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../discovery/source.ts';
import type { MusterError } from '../errors.ts';
import type { FleetLoop } from '../fleet/loop.ts';
import { SourceRunner } from '../fleet/source-runner.ts';
import type { World } from '../fleet/world.ts';
import type { Config, SourceConfig } from '../model/config.ts';
import type { SealedSecrets } from '../sealed/sealed-secrets.ts';
import type { SecretBytes } from '../secret-bytes.ts';
import { createSecretRefresher, type SecretRefresher } from '../secrets/refresh.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import { FirstAnswers } from './first-answers.ts';
import { hostnameWarnings } from './hostname-warnings.ts';
import type { Metrics } from './metrics.ts';
import { prepareReport } from './prepare.ts';
import { Stores } from './stores.ts';
import { WantedServices } from './wanted.ts';

interface FeedsOptions {
  readonly loop: FleetLoop;
  readonly world: World;
  /** Where good secrets are kept for the next start, if anywhere. */
  readonly sealed: SealedSecrets;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What flows in: the sources and secrets of the config that runs, each on its own clock. */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #first = new FirstAnswers();
  readonly #stores: Stores;
  readonly #sources: SourceRunner;
  readonly secrets: SecretRefresher;
  readonly #wanted = new WantedServices();
  /** Newest good values of the secrets that sources may ask for. */
  readonly #values = new Map<string, SecretBytes>();
  /** From before the start, and served until the stores answer. */
  #restored: ReadonlyMap<string, CheckedSecret> = new Map();
  readonly #shared = createShared();
  /** What was told of each secret's names. */
  readonly #namesTold = new Map<string, string>();
  #baseDir = '.';
  #config: Config | undefined;

  constructor(options: FeedsOptions) {
    const { logger, sealed, signal } = options;
    this.#options = options;
    const secret = (name: string): SecretBytes | undefined => this.#values.get(name);
    this.#stores = new Stores({ secret, hmacKey: sealed.versionKey, logger });
    this.#sources = new SourceRunner({
      create: (config, names) => this.#create(config, names),
      prepare: (source, report) => prepareReport(options.world, source, report),
      onReport: (source, report) => this.#report(source, report),
      onCrash: (source, err) =>
        logger.error({ source, err }, 'a source failed by a fault of ours; it is started again'),
    });
    this.secrets = createSecretRefresher({
      signal,
      onSecret: (name, secret) => this.#secret(name, secret),
      onProblem: (name, problem) => this.#secretProblem(name, problem),
      onWarning: (name, warning) => logger.warn({ secret: name }, warning),
    });
  }

  /** Before `begin`: secrets of before the start are as good as read, for sources and stores too. */
  restore(secrets: ReadonlyMap<string, CheckedSecret>): void {
    this.#restored = secrets;
    for (const [name, secret] of secrets) this.#keepValue(name, secret);
  }

  /** Starts all of them; resolves when each has answered once, good or bad, or after `mostMs`. */
  async begin(config: Config, baseDir: string, mostMs: number): Promise<void> {
    this.#baseDir = baseDir;
    this.#first.expect(config);
    for (const name of this.#restored.keys()) this.#first.secret(name);
    this.follow(config);
    await this.#first.wait(mostMs);
  }

  /** Exactly those of this config from now on; what is equal runs on. */
  follow(config: Config): void {
    this.#config = config;
    this.#sources.update(config.sources.values());
    this.#wanted.follow(config);
    for (const name of this.#values.keys()) if (!config.secrets.has(name)) this.#values.delete(name);
    this.#options.sealed.retain(config.secrets);
    const stores = this.#stores.update(config, this.#baseDir);
    this.secrets.update(config.secrets.values(), stores, this.#restored);
    this.#restored = new Map(); // They are the refresher's by now; what is added later is read.
    for (const name of config.secrets.keys()) this.#checkNames(name, this.secrets.served(name));
  }

  /** Removes from the disk what has ended. */
  sweepSealed(): void {
    this.#options.sealed.sweep(Date.now(), () => {
      const read = this.secrets.status();
      return new Map(read.flatMap(({ name, lastSuccess: at }) => (at === undefined ? [] : [[name, at]])));
    });
  }

  /** After the signal's end: nothing is read any more. */
  async close(): Promise<void> {
    await this.#sources.close();
    await this.#stores.close();
    await this.#options.sealed.close();
  }

  #create({ name, kind, options }: SourceConfig, names: () => readonly string[]): Source {
    const { world } = this.#options;
    const adapter = sourceKinds(kind);
    if (adapter === undefined) throw new RangeError(`no source of kind "${kind}"`);
    return adapter.create(options, {
      name,
      baseDir: this.#baseDir,
      knownScopes: [...new Set(names().flatMap((one) => world.scopes(one).map(({ scope }) => scope)))],
      wanted: this.#wanted.of(names),
      isHeld: (scope) => names().some((one) => world.isHeld(one, scope)),
      secret: (secret) => this.#values.get(secret),
      shared: this.#shared,
    });
  }

  #report(source: string, report: ScopeReport): void {
    const { loop, world, metrics, logger } = this.#options;
    const before = world.scope(source, report.scope);
    metrics.sourceReports.inc({ source, result: report.kind });
    loop.report(source, report);
    if (report.more !== true) this.#first.source(source);
    const about = { source, scope: report.scope };
    if (report.kind !== 'failure') {
      if (before?.error !== undefined) logger.info(about, 'the scope can be read again');
    } else if (before?.error !== report.error.message) {
      logger.warn({ ...about, error: report.error.message }, 'a scope cannot be read; its last good stays');
    }
  }

  #secret(name: string, secret: CheckedSecret): void {
    const { loop, logger, sealed } = this.#options;
    this.#keepValue(name, secret);
    logger.info({ secret: name, version: secret.version }, 'a secret has a new version');
    loop.secret(name, secret);
    this.#checkNames(name, secret);
    this.#first.secret(name);
    const config = loop.config?.secrets.get(name);
    if (config !== undefined) sealed.put(config, secret, Date.now());
  }

  #keepValue(name: string, secret: CheckedSecret): void {
    if (secret.kind === 'value') this.#values.set(name, secret.value);
  }

  #checkNames(name: string, secret: CheckedSecret | undefined): void {
    const warning = hostnameWarnings(this.#config, name, secret).join('; ');
    if (warning !== '' && this.#namesTold.get(name) !== warning)
      this.#options.logger.warn({ secret: name }, warning);
    this.#namesTold.set(name, warning);
  }

  #secretProblem(name: string, problem: MusterError | undefined): void {
    const { metrics, logger } = this.#options;
    this.#first.secret(name);
    if (problem === undefined) {
      logger.info({ secret: name }, 'the secret is well again');
      return;
    }
    metrics.secretProblems.inc();
    const served = this.secrets.served(name);
    const effect = served === undefined ? 'nothing of it is served yet' : 'the last good version stays';
    logger.error({ secret: name }, `${problem.message}; ${effect}`);
  }
}

/** What is known of a kind of source without one. */
export function sourceKinds(kind: string): SourceAdapter<unknown> | undefined {
  const adapters: Readonly<Record<string, SourceAdapter<unknown>>> = SOURCES;
  return adapters[kind];
}

/** What all sources of this process have one of. The key's first user decides of what type it is. */
function createShared(): NonNullable<SourceContext['shared']> {
  const things = new Map<string, unknown>();
  return <Thing>(key: string, create: () => Thing): Thing => {
    if (!things.has(key)) things.set(key, create());
    return things.get(key) as Thing;
  };
}
