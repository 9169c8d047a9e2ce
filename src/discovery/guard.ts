import type { Endpoint, Health, Instance } from '../model/instance.ts';

/**
 * The shrink guard (SRC2), of one scope's instances and of one service's endpoints: a report that
 * drops most of them for no stated reason is more often a fault of the source than the truth, so what
 * it dropped is served on, DEGRADED, until the source has said it for long enough.
 *
 * Held: a complete report with a net loss of more than half of the live items and at least 3, or of
 * the last one. Net: what is replaced one for one (a rolling deployment) is no loss.
 * Never held: a stated reason, items that were seen to end, and items last seen DRAINING or UNHEALTHY.
 */
export interface GuardState<Item> {
  /** The last report that was believed, or the last good of before a restart. */
  readonly believed: readonly Item[];
  readonly hold?: Hold<Item> | undefined;
}

export interface Hold<Item> {
  /** The newest report, the one that is doubted. */
  readonly reported: readonly Item[];
  /** What is served although the source no longer names it. */
  readonly held: readonly Item[];
  /** Epoch milliseconds of the first doubted report: the hold ends 10 min later whatever happens. */
  readonly since: number;
  /** How many reports in a row named the same items, and when the first of them came. */
  readonly equalReads: number;
  readonly equalSince: number;
}

export interface GuardOutcome<Item> {
  /** What to serve: the report, and with it what is held, DEGRADED. */
  readonly items: readonly Item[];
  readonly state: GuardState<Item>;
  /** What was held until now is let go: its time is up, it was read often enough, or by hand. */
  readonly released: boolean;
}

export interface GuardedReport<Item> {
  readonly items: readonly Item[];
  /** Whose loss has a reason: of all of them, or of those for which this holds. */
  readonly excused?: 'all' | ((item: Item) => boolean) | undefined;
}

export interface Guard<Item> {
  /** Takes one complete report. `now` in epoch milliseconds. */
  report(
    previous: GuardState<Item> | undefined,
    report: GuardedReport<Item>,
    now: number,
  ): GuardOutcome<Item>;
  /** Without a new report: ends a hold whose time is up. */
  tick(state: GuardState<Item>, now: number): GuardOutcome<Item>;
  /** By hand: the newest report is the truth. */
  release(state: GuardState<Item>): GuardOutcome<Item>;
  /** The item DEGRADED, if it was HEALTHY: the same object each time, so that what compares sees no change. */
  degrade(item: Item): Item;
}

const LEAST_DROP = 3;
const RELEASE_READS = 3;
const RELEASE_AFTER_MS = 60_000;
const LONGEST_HOLD_MS = 600_000;

export const instanceGuard = createGuard<Instance>(({ id }) => id);
export const endpointGuard = createGuard<Endpoint>(({ address, port }) => `${address} ${port}`);

/** Epoch milliseconds at which a hold ends at the latest; undefined when nothing is held. */
export function holdEnds(state: GuardState<unknown> | undefined): number | undefined {
  return state?.hold === undefined ? undefined : state.hold.since + LONGEST_HOLD_MS;
}

interface Kept {
  readonly health: Health;
}

function createGuard<Item extends Kept>(keyOf: (item: Item) => string): Guard<Item> {
  const missing = (believed: readonly Item[], { items, excused }: GuardedReport<Item>): readonly Item[] => {
    if (excused === 'all') return [];
    const there = new Set(items.map(keyOf));
    return believed.filter((item) => isLive(item) && !there.has(keyOf(item)) && excused?.(item) !== true);
  };

  /** What is missed; empty where the report is to be believed. */
  const doubted = (believed: readonly Item[], report: GuardedReport<Item>): readonly Item[] => {
    const shorterBy = believed.length - report.items.length;
    // The net loss is at most this, and looking closer costs a walk over all of them.
    if (shorterBy <= 0 || (shorterBy < LEAST_DROP && report.items.length > 0)) return [];
    const lost = missing(believed, report);
    if (report.items.length === 0) return lost;
    const before = new Set(believed.map(keyOf));
    const net = lost.length - report.items.filter((item) => !before.has(keyOf(item))).length;
    const live = believed.filter((item) => isLive(item) && !isExcused(report, item)).length;
    return net >= LEAST_DROP && net > live / 2 ? lost : [];
  };

  const extend = (hold: Hold<Item> | undefined, items: readonly Item[], now: number) => {
    if (hold !== undefined && sameKeys(hold.reported, items)) {
      return { ...hold, reported: items, equalReads: hold.equalReads + 1 };
    }
    return { reported: items, since: hold?.since ?? now, equalReads: 1, equalSince: now };
  };

  const sameKeys = (left: readonly Item[], right: readonly Item[]): boolean => {
    if (left === right) return true;
    const keys = new Set(left.map(keyOf));
    return keys.size === right.length && right.every((item) => keys.has(keyOf(item)));
  };

  const degradedForms = new WeakMap<Item, Item>();
  const degrade = (item: Item): Item => {
    if (item.health !== 'HEALTHY') return item;
    const made = degradedForms.get(item) ?? { ...item, health: 'DEGRADED' };
    degradedForms.set(item, made);
    return made;
  };

  return {
    degrade,
    report: (previous, report, now) => {
      if (previous === undefined) return believe(report.items);
      const held = doubted(previous.believed, report);
      if (held.length === 0) return believe(report.items);
      const hold = { ...extend(previous.hold, report.items, now), held: held.map(degrade) };
      return isOver(hold, now) ? believe(report.items, true) : doubt({ believed: previous.believed, hold });
    },
    tick: (state, now) => {
      if (state.hold === undefined) return believe(state.believed);
      return now - state.hold.since >= LONGEST_HOLD_MS ? believe(state.hold.reported, true) : doubt(state);
    },
    release: (state) => believe(state.hold?.reported ?? state.believed, state.hold !== undefined),
  };
}

function isExcused<Item>({ excused }: GuardedReport<Item>, item: Item): boolean {
  return excused === 'all' || excused?.(item) === true;
}

function believe<Item>(items: readonly Item[], released = false): GuardOutcome<Item> {
  return { items, state: { believed: items }, released };
}

function doubt<Item>(state: GuardState<Item>): GuardOutcome<Item> {
  const { reported = [], held = [] } = state.hold ?? {};
  return { items: [...reported, ...held], state, released: false };
}

function isLive({ health }: Kept): boolean {
  return health === 'HEALTHY' || health === 'DEGRADED';
}

function isOver({ since, equalReads, equalSince }: Hold<unknown>, now: number): boolean {
  if (now - since >= LONGEST_HOLD_MS) return true;
  return equalReads >= RELEASE_READS && now - equalSince >= RELEASE_AFTER_MS;
}
