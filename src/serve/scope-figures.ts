import type { ScopeCounters, ScopeStatus } from '../fleet/seen.ts';
import type { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { ScopeFigures } from './scope-metrics.ts';

export interface Counted {
  readonly config: Config | undefined;
  readonly world: Pick<World, 'scopes' | 'counters'>;
}

/** A source with more scopes is one line: metrics stay small enough to be asked for every few seconds. */
const MOST_SCOPES = 2_000;

/** Reads the figures of every scope. Keeps what a sum of counters needs so as never to go down. */
export function scopeFigures(): (counted: Counted, now: number) => readonly ScopeFigures[] {
  const totals = new Map<string, Total>();
  return ({ config, world }, now) => {
    for (const name of totals.keys()) if (config?.sources.has(name) !== true) totals.delete(name);
    return [...(config?.sources.keys() ?? [])].flatMap((source) => {
      const counters = world.counters(source);
      const lines = world.scopes(source).map((one) => figuresOf(source, one, counters.get(one.scope), now));
      if (lines.length <= MOST_SCOPES) return lines;
      const total = totals.get(source) ?? new Total();
      totals.set(source, total);
      return [{ ...lines.reduce(joined), scope: '', ...total.of(counters) }];
    });
  };
}

function figuresOf(
  source: string,
  { scope, instances, held, dropped, at, error, failures, nextAttempt }: ScopeStatus,
  counters: ScopeCounters | undefined,
  now: number,
): ScopeFigures {
  return {
    source,
    scope,
    instances,
    held,
    dropped,
    up: at !== undefined && error === undefined ? 1 : 0,
    failures,
    lastSuccess: at === undefined ? undefined : at / 1000,
    age: at === undefined ? undefined : Math.max(0, (now - at) / 1000),
    nextAttempt: nextAttempt === undefined ? undefined : nextAttempt / 1000,
    changes: counters?.changes ?? 0,
    errors: counters?.errors ?? 0,
  };
}

function joined(a: ScopeFigures, b: ScopeFigures): ScopeFigures {
  return {
    source: a.source,
    scope: '',
    instances: a.instances + b.instances,
    held: a.held + b.held,
    dropped: a.dropped + b.dropped,
    up: a.up + b.up,
    failures: Math.max(a.failures, b.failures),
    lastSuccess: pick(Math.min, a.lastSuccess, b.lastSuccess),
    age: pick(Math.max, a.age, b.age),
    nextAttempt: pick(Math.min, a.nextAttempt, b.nextAttempt),
    changes: 0,
    errors: 0,
  };
}

function pick(choose: (a: number, b: number) => number, a: number | undefined, b: number | undefined) {
  return a === undefined || b === undefined ? (a ?? b) : choose(a, b);
}

type Events = Pick<ScopeCounters, 'changes' | 'errors'>;

/** The sum over scopes that come and go: what an ended one has counted stays in it. */
class Total {
  #last: ReadonlyMap<string, Events> = new Map();
  #ended: Events = { changes: 0, errors: 0 };

  of(counters: ReadonlyMap<string, Events>): Events {
    for (const [scope, before] of this.#last) {
      const now = counters.get(scope);
      // Fewer than before: it ended in between and is another now.
      if (now === undefined || now.changes < before.changes || now.errors < before.errors)
        this.#ended = plus(this.#ended, before);
    }
    this.#last = new Map(counters);
    return [...counters.values()].reduce(plus, this.#ended);
  }
}

function plus(a: Events, b: Events): Events {
  return { changes: a.changes + b.changes, errors: a.errors + b.errors };
}
