import type { Instance } from '../model/instance.ts';

/**
 * The shrink guard of one scope (SRC2): a report that drops most of it for no stated reason is
 * more often a fault of the source than the truth, so what it dropped is served on, DEGRADED,
 * until the source has said it for long enough.
 *
 * Held: a complete report with a net loss of more than half of the live instances and at least 3,
 * or of the last one. Net: what is replaced one for one (a rolling deployment) is no loss.
 * Never held: a stated reason, and instances last seen DRAINING or UNHEALTHY.
 */
export interface GuardState {
  /** The last report that was believed, or the last good of before a restart. */
  readonly believed: readonly Instance[];
  readonly hold?: Hold | undefined;
}

export interface Hold {
  /** The newest report, the one that is doubted. */
  readonly reported: readonly Instance[];
  /** Epoch milliseconds of the first doubted report: the hold ends 10 min later whatever happens. */
  readonly since: number;
  /** How many reports in a row named the same instances, and when the first of them came. */
  readonly equalReads: number;
  readonly equalSince: number;
}

export interface GuardOutcome {
  /** What to serve: the report, and with it what is held, DEGRADED. */
  readonly instances: readonly Instance[];
  /** What is served although the source no longer names it. */
  readonly held: readonly Instance[];
  readonly state: GuardState;
}

const LEAST_DROP = 3;
const RELEASE_READS = 3;
const RELEASE_AFTER_MS = 60_000;
const LONGEST_HOLD_MS = 600_000;

/** A scope whose last good came from disk. */
export function restoreGuard(instances: readonly Instance[]): GuardState {
  return { believed: instances };
}

/**
 * Takes one complete report; a scope that is gone comes as an empty report without a reason.
 * `now` in epoch milliseconds.
 */
export function guardReport(
  previous: GuardState | undefined,
  report: { readonly instances: readonly Instance[]; readonly reason?: 'stated' | undefined },
  now: number,
): GuardOutcome {
  if (previous === undefined || report.reason === 'stated') return believe(report.instances);
  if (!isShrink(previous.believed, report.instances)) return believe(report.instances);
  const hold = extendHold(previous.hold, report.instances, now);
  return isOver(hold, now) ? believe(report.instances) : doubt(previous.believed, hold);
}

/** Without a new report: ends a hold whose time is up. */
export function guardTick(state: GuardState, now: number): GuardOutcome {
  const { hold } = state;
  if (hold === undefined) return believe(state.believed);
  return now - hold.since >= LONGEST_HOLD_MS ? believe(hold.reported) : doubt(state.believed, hold);
}

/** Epoch milliseconds at which `guardTick` will release; undefined when nothing is held. */
export function holdEnds(state: GuardState): number | undefined {
  return state.hold === undefined ? undefined : state.hold.since + LONGEST_HOLD_MS;
}

/** By hand: the newest report is the truth. */
export function releaseGuard(state: GuardState): GuardOutcome {
  return believe(state.hold?.reported ?? state.believed);
}

function believe(instances: readonly Instance[]): GuardOutcome {
  return { instances, held: [], state: { believed: instances } };
}

function doubt(believed: readonly Instance[], hold: Hold): GuardOutcome {
  const held = missing(believed, hold.reported).map(
    (instance): Instance => ({ ...instance, health: 'DEGRADED' }),
  );
  return { instances: [...hold.reported, ...held], held, state: { believed, hold } };
}

function isShrink(believed: readonly Instance[], reported: readonly Instance[]): boolean {
  const live = believed.filter(isLive).length;
  const before = new Set(believed.map((instance) => instance.id));
  const added = reported.filter((instance) => !before.has(instance.id)).length;
  const lost = missing(believed, reported).length - added;
  if (reported.length === 0) return lost > 0;
  return lost >= LEAST_DROP && lost > live / 2;
}

/** The live instances that `reported` no longer names. */
function missing(believed: readonly Instance[], reported: readonly Instance[]): readonly Instance[] {
  const there = new Set(reported.map((instance) => instance.id));
  return believed.filter((instance) => isLive(instance) && !there.has(instance.id));
}

function isLive(instance: Instance): boolean {
  return instance.health === 'HEALTHY' || instance.health === 'DEGRADED';
}

function extendHold(hold: Hold | undefined, reported: readonly Instance[], now: number): Hold {
  if (hold !== undefined && sameIds(hold.reported, reported)) {
    return { ...hold, reported, equalReads: hold.equalReads + 1 };
  }
  return { reported, since: hold?.since ?? now, equalReads: 1, equalSince: now };
}

function isOver(hold: Hold, now: number): boolean {
  if (now - hold.since >= LONGEST_HOLD_MS) return true;
  return hold.equalReads >= RELEASE_READS && now - hold.equalSince >= RELEASE_AFTER_MS;
}

function sameIds(left: readonly Instance[], right: readonly Instance[]): boolean {
  const ids = new Set(left.map((instance) => instance.id));
  return ids.size === right.length && right.every((instance) => ids.has(instance.id));
}
