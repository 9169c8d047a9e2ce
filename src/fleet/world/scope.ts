import { type GuardState, holdEnds, instanceGuard } from '../../discovery/guard.ts';
import type { ScopeReport } from '../../discovery/source.ts';
import type { Instance } from '../../model/instance.ts';
import { sameInstances } from '../same.ts';
import type { ScopeCounters, ScopeStatus } from '../seen.ts';
import type { Intake } from './intake.ts';
import { ScopeHealth } from './scope-health.ts';
import { type InstanceChange, Served } from './served.ts';

/** What taking a report came to. */
export interface ScopeStep {
  readonly changes: readonly InstanceChange[];
  /** Whether the loss of an instance has a stated reason, so that no service holds it either. */
  readonly excused: 'all' | ((instance: Instance) => boolean);
}

const NONE = (): boolean => false;
const NOTHING: ScopeStep = { changes: [], excused: NONE };

/** The last good state of one scope: what its source says, what of it is doubted, what is served. */
export class Scope {
  readonly name: string;
  readonly #health = new ScopeHealth();
  #guard: GuardState<Instance> | undefined;
  readonly #served = new Served();
  #closed = false;
  /** The user changed what the source is asked: its next report is the user's word. */
  #edited = false;
  /** Grows whenever what is believed differs: what is kept on disk is written again. */
  #version = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Last good from before the start. */
  restore(instances: readonly Instance[], at: number, intake: Intake): ScopeStep {
    this.#guard = { believed: instances };
    this.#health.at = at;
    this.#health.restored = true;
    return { excused: NONE, changes: this.#serve(intake) };
  }

  take(report: ScopeReport, now: number, intake: Intake): ScopeStep {
    const wasStale = this.#health.stale;
    this.#health.note(report, now);
    if (report.kind === 'failure' && report.gone !== true) return NOTHING;
    const excused = this.#excused(report);
    if (report.kind !== 'unchanged') {
      this.#closed = report.kind === 'failure' || report.closed === true;
      this.#edited = false;
    }
    const items = this.#itemsOf(report);
    if (this.#guard !== undefined && !this.isHeld && !wasStale && sameInstances(this.believed, items)) {
      return NOTHING;
    }
    const { state, released } = instanceGuard.report(this.#guard, { items, excused }, now);
    this.#believe(state);
    return { changes: this.#serve(intake), excused: released ? 'all' : excused };
  }

  /** Without a report: ends a hold whose time is up, and marks what is older than the source may be. */
  tick(now: number, maxAgeMs: number | undefined, intake: Intake): ScopeStep | undefined {
    const { at } = this.#health;
    const stale = maxAgeMs !== undefined && at !== undefined && now - at > maxAgeMs;
    const isOver = (holdEnds(this.#guard) ?? Number.POSITIVE_INFINITY) <= now;
    if (stale === this.#health.stale && !isOver) return undefined;
    this.#health.stale = stale;
    if (this.#guard !== undefined) this.#believe(instanceGuard.tick(this.#guard, now).state);
    return { changes: this.#serve(intake), excused: isOver ? 'all' : NONE };
  }

  /** By hand: what the source last said is the truth. */
  release(intake: Intake): ScopeStep | undefined {
    if (this.#guard?.hold === undefined) return undefined;
    this.#believe(instanceGuard.release(this.#guard).state);
    return { changes: this.#serve(intake), excused: 'all' };
  }

  /** Other rules for the same reports. */
  reread(intake: Intake): void {
    this.#serve(intake);
  }

  markEdited(): void {
    this.#edited = true;
  }

  /** It has never given a complete report, now or before the restart. */
  get isUnread(): boolean {
    return this.#guard === undefined;
  }

  /** What is served of it. */
  get list(): readonly Instance[] {
    return this.#served.list;
  }

  get isHeld(): boolean {
    return this.#guard?.hold !== undefined;
  }

  /** It is no more, and nothing is kept of it. */
  get isOver(): boolean {
    return this.#closed && this.believed.length === 0;
  }

  get isFailing(): boolean {
    return this.#health.error !== undefined;
  }

  get version(): number {
    return this.#version;
  }

  get believed(): readonly Instance[] {
    return this.#guard?.believed ?? [];
  }

  /** What the source last said. */
  get reported(): readonly Instance[] {
    return this.#guard?.hold?.reported ?? this.believed;
  }

  /** What it no longer says and is served on. */
  get held(): readonly Instance[] {
    return this.#guard?.hold?.held ?? [];
  }

  get counters(): ScopeCounters {
    return this.#health.counters;
  }

  status(): ScopeStatus {
    const { at, error, failures, nextAttempt, restored, stale } = this.#health;
    return {
      ...{ scope: this.name, state: this.#state(), instances: this.list.length },
      ...{ held: this.held.length, dropped: this.#served.dropped },
      ...{ at, error, failures, nextAttempt, restored, stale },
      heldSince: this.#guard?.hold?.since,
      heldUntil: holdEnds(this.#guard),
    };
  }

  #state(): ScopeStatus['state'] {
    if (this.isFailing) return 'failing';
    if (this.isHeld) return 'held';
    return this.#health.restored ? 'restored' : 'ok';
  }

  /** The same once more counts for what is held. A scope that is gone comes as empty, without a reason. */
  #itemsOf(report: ScopeReport): readonly Instance[] {
    if (report.kind === 'complete') return report.instances;
    return report.kind === 'unchanged' ? this.reported : [];
  }

  #excused(report: ScopeReport): ScopeStep['excused'] {
    if (report.kind === 'unchanged') return NONE;
    if (this.#edited || (report.kind === 'complete' && report.reason === 'stated')) return 'all';
    const ended = new Set(report.kind === 'complete' ? report.terminated : []);
    return ended.size === 0 ? NONE : ({ id }) => ended.has(id);
  }

  #believe(state: GuardState<Instance>): void {
    if (this.#guard === undefined || !sameInstances(this.believed, state.believed)) this.#version += 1;
    this.#guard = state;
  }

  #serve(intake: Intake): readonly InstanceChange[] {
    const items = [...this.reported, ...this.held];
    const changes = this.#served.update(
      this.#health.stale ? items.map(instanceGuard.degrade) : items,
      intake,
    );
    if (changes.length > 0) this.#health.changed();
    return changes;
  }
}
