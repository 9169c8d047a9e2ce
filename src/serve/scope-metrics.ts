import { setImmediate as breathe } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';

/** One line for each scope, or one for all scopes of a source with very many, then with an empty `scope`. */
export interface ScopeFigures {
  readonly source: string;
  readonly scope: string;
  readonly instances: number;
  readonly held: number;
  readonly dropped: number;
  /** 1: the last look succeeded. Summed up: how many of the scopes. */
  readonly up: number;
  readonly failures: number;
  /** Epoch seconds; undefined: never. Summed up: the oldest. */
  readonly lastSuccess: number | undefined;
  readonly age: number | undefined;
  /** Epoch seconds; undefined: not known. Summed up: the earliest. */
  readonly nextAttempt: number | undefined;
  readonly changes: number;
  readonly errors: number;
}

type Figure = Exclude<keyof ScopeFigures, 'source' | 'scope'>;

const GAUGES: readonly (readonly [name: string, figure: Figure, help: string])[] = [
  ['last_success_timestamp_seconds', 'lastSuccess', 'When a scope last gave a complete report'],
  ['age_seconds', 'age', 'Seconds since a scope last gave a complete report'],
  ['instances', 'instances', 'Instances served from a scope, the held ones included'],
  ['held', 'held', 'Instances served from a scope although the source no longer names them'],
  ['dropped', 'dropped', 'Instances of a scope that are seen and not served'],
  ['up', 'up', '1 while the last look at a scope succeeded'],
  ['failures', 'failures', 'Failed looks at a scope in a row; 3 are an alarm'],
  ['next_attempt_timestamp_seconds', 'nextAttempt', 'When a scope is looked at next'],
];

const COUNTERS: readonly (readonly [name: string, figure: Figure, help: string])[] = [
  ['changes', 'changes', 'Reports of a scope that changed what is served'],
  ['errors', 'errors', 'Looks at a scope that failed'],
];

const labelNames = ['source', 'scope'] as const;

/** Metrics of every scope (SRC16), read once for all of them when they are asked for. */
export function scopeMetrics(registry: Registry, read: () => readonly ScopeFigures[]): void {
  const registers = [registry];
  const inTurn = turns(read);
  for (const [name, figure, help] of GAUGES) {
    new Gauge({
      name: `muster_source_scope_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        return inTurn((figures) => {
          this.reset();
          for (const { source, scope, [figure]: value } of figures)
            if (value !== undefined) this.set({ source, scope }, value);
        });
      },
    });
  }
  for (const [name, figure, help] of COUNTERS) {
    new Counter({
      name: `muster_source_${name}_total`,
      help,
      labelNames,
      registers,
      collect() {
        return inTurn((figures) => {
          this.reset();
          for (const { source, scope, [figure]: value } of figures) this.inc({ source, scope }, value);
        });
      },
    });
  }
}

/**
 * One metric of thousands of scopes is milliseconds of work, so each has a turn of the event loop for
 * itself, and the streams run between them. All that wait for a turn share what was read once.
 */
function turns<Value>(read: () => Value): (task: (value: Value) => void) => Promise<void> {
  let last = Promise.resolve();
  let waiting = 0;
  let shared: { readonly value: Value } | undefined;
  return (task) => {
    waiting += 1;
    const turn = last.then(async () => {
      await breathe();
      try {
        shared ??= { value: read() };
        task(shared.value);
      } finally {
        waiting -= 1;
        if (waiting === 0) shared = undefined;
      }
    });
    // One that fails is told to its own asker, and the next one has its turn.
    last = turn.catch(() => undefined);
    return turn;
  };
}
