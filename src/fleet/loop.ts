import { setTimeout as wait } from 'node:timers/promises';
import type { ScopeReport } from '../discovery/source.ts';
import type { Config } from '../model/config.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import type { Builder, BuildOutcome } from './build.ts';
import { type ChangeKind, Pacer } from './pace.ts';
import type { ChangeQueue } from './queue/queue.ts';
import type { FleetState, StoredState } from './state/state.ts';
import type { SourceKinds } from './world/source-state.ts';
import type { World } from './world.ts';

export interface LoopOptions {
  readonly world: World;
  readonly builder: Builder;
  readonly queue: ChangeQueue;
  readonly state: FleetState;
  /** What the world must know of a kind of source. */
  readonly sourceKinds: SourceKinds;
  /** All nodes of the group ACKed what it was last given. */
  readonly isSettled: (group: string) => boolean;
  /** Told of every build that ran to its end. */
  readonly onBuilt: (group: string, outcome: BuildOutcome, tookMs: number) => void;
  /** Called every second, after holds and lingering resources were looked at. */
  readonly onTick?: (() => void) | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** How often holds and lingering resources are looked at, and how often every group is compared in full. */
const TICK_MS = 1_000;
const SWEEP_MS = 60_000;
/** A scope that never changes is written again this often: after a restart its age is right to this. */
const KEEP_AGAIN_MS = 300_000;

/** One change, end to end: report or edit -> world -> dirty group -> build -> publication. */
export class FleetLoop {
  readonly #options: LoopOptions;
  readonly #pacer = new Pacer();
  /** What of each scope was last handed to the state. */
  readonly #kept = new Map<string, { readonly version: number; readonly at: number }>();
  #config: Config | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #sweptAt = 0;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  get config(): Config | undefined {
    return this.#config;
  }

  /** Before `start`: the last good state of before the restart, for the config that is set. */
  restore(stored: StoredState): void {
    for (const { source, scope, instances, at } of stored.scopes) {
      this.#options.world.restore(source, scope, instances, at);
    }
    for (const snapshot of stored.snapshots) this.#options.builder.restore(snapshot);
  }

  setConfig(config: Config): void {
    const before = this.#config;
    this.#config = config;
    this.#forget(config, before);
    this.#options.world.configure(config, this.#options.sourceKinds);
    this.#markDirty(this.#options.builder.setConfig(config), 'structure');
  }

  /** What the config no longer has need not be there after a restart; what runs is left alone. */
  #forget(config: Config, before: Config | undefined): void {
    const { world, state } = this.#options;
    for (const name of before?.groups.keys() ?? []) if (!config.groups.has(name)) state.forgetSnapshot(name);
    for (const name of before?.sources.keys() ?? []) {
      if (config.sources.has(name)) continue;
      for (const { scope } of world.scopes(name)) {
        this.#kept.delete(JSON.stringify([name, scope]));
        state.forgetScope(name, scope);
      }
    }
  }

  report(source: string, report: ScopeReport): void {
    const now = this.#options.now();
    const changed = this.#options.world.put(source, report, now);
    if (report.kind !== 'failure' || report.gone === true) this.#keep(source, report.scope, now);
    this.#touchServices(changed);
  }

  secret(name: string, secret: CheckedSecret): void {
    this.#markDirty(this.#options.builder.putSecret(name, secret), 'cells');
  }

  /** By hand: what the source last said of the scope is the truth. False: nothing of it is held. */
  release(source: string, scope: string): boolean {
    const now = this.#options.now();
    const changed = this.#options.world.release(source, scope, now);
    if (changed === undefined) return false;
    this.#keep(source, scope, now);
    this.#touchServices(changed);
    return true;
  }

  start(): void {
    this.#options.queue.process((group, signal) => this.#run(group, signal));
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#ticks);
    await this.#options.queue.close();
  }

  /** Written again where it differs, and now and then for its age (SRC4). */
  #keep(source: string, scope: string, now: number): void {
    const { world, state } = this.#options;
    const believed = world.believed(source, scope);
    const key = JSON.stringify([source, scope]);
    const kept = this.#kept.get(key);
    if (believed === undefined) {
      this.#kept.delete(key);
      state.forgetScope(source, scope);
    } else if (kept?.version !== believed.version || now - kept.at >= KEEP_AGAIN_MS) {
      this.#kept.set(key, { version: believed.version, at: now });
      state.saveScope({ source, scope, instances: believed.instances, at: now });
    }
  }

  async #run(group: string, signal: AbortSignal): Promise<void> {
    for (let delay = this.#delay(group); delay > 0; delay = this.#delay(group)) {
      await wait(delay, undefined, { signal });
    }
    this.#pacer.built(group, this.#options.now());
    const started = performance.now();
    const outcome = this.#options.builder.build(group, this.#options.now());
    if (outcome.kind === 'committed') {
      this.#options.state.saveSnapshot(group, () => this.#options.builder.record(group));
    }
    this.#options.onBuilt(group, outcome, performance.now() - started);
  }

  #delay(group: string): number {
    return this.#pacer.delay(group, this.#options.now());
  }

  #tick(): void {
    const now = this.#options.now();
    this.#touchServices(this.#options.world.tick(now));
    this.#markDirty(this.#options.builder.release(now, this.#options.isSettled), 'structure');
    this.#options.onTick?.();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    this.#markDirty(this.#options.builder.sweep(), 'structure');
  }

  #touchServices(services: readonly string[]): void {
    if (services.length > 0) this.#markDirty(this.#options.builder.touchServices(services), 'cells');
  }

  #markDirty(groups: readonly string[], kind: ChangeKind): void {
    for (const group of groups) {
      this.#pacer.note(group, kind, this.#options.now());
      this.#options.queue.markDirty(group);
    }
  }
}
