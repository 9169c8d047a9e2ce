import pLimit, { type LimitFunction } from 'p-limit';
import { type Clock, systemClock } from '../clock.ts';
import type { MusterError } from '../errors.ts';
import type { SecretConfig, SecretKind } from '../model/config.ts';
import type { ExpiryAlarm } from './expiry.ts';
import { problemOf } from './problem.ts';
import { createPhases } from './read-slots.ts';
import { SecretRefresh } from './secret-refresh.ts';
import type { Standing } from './standing.ts';
import type { CheckedSecret, SecretStore } from './store.ts';

export interface RefreshOptions {
  /** A version that is new and passed the check. Secrets of a name come in order. */
  readonly onSecret: (name: string, secret: CheckedSecret) => void;
  /** Once for each change of what is wrong; the last good version stays. `undefined`: all is well again. */
  readonly onProblem: (name: string, problem: MusterError | undefined) => void;
  /** What was mended in a version that is served, or its end coming near. Once for each change. */
  readonly onWarning?: ((name: string, warning: string) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

export interface SecretStatus {
  readonly name: string;
  readonly kind: SecretKind;
  readonly store: string;
  /**
   * `absent`: nothing to serve yet. `failing`: the last read or check failed, the last good is served.
   * `restored`: served from before the start, and not yet read since.
   */
  readonly state: 'ok' | 'failing' | 'expiring' | 'restored' | 'absent';
  /** The store's own; undefined: what is served was not read where the config says now. */
  readonly version: string | undefined;
  readonly problem: string | undefined;
  /** What is odd about what is served, or about its future in the store. */
  readonly warnings: readonly string[];
  readonly alarm: ExpiryAlarm;
  /** Reads in a row that gave nothing good. */
  readonly failures: number;
  /** Epoch milliseconds: the last answer or failure; the last good answer; the end of what is served; the next read. */
  readonly lastRead: number | undefined;
  readonly lastSuccess: number | undefined;
  readonly notAfter: number | undefined;
  readonly nextAttempt: number | undefined;
}

export interface SecretRefresher {
  /**
   * Refreshes exactly these from now on. What is unchanged runs on untouched; the rest is read at
   * once. `restored` holds what is served already, from before the start.
   */
  update(
    secrets: Iterable<SecretConfig>,
    stores: ReadonlyMap<string, SecretStore>,
    restored?: ReadonlyMap<string, CheckedSecret>,
  ): void;
  /** By name, sorted. */
  status(): readonly SecretStatus[];
  /** What is served of it now; for what may be said of it, never for its bytes to be shown. */
  served(name: string): CheckedSecret | undefined;
}

/** Reads of one store at a time: a cold start of thousands is no flood, and a store can still ask for many at once. */
const READS_AT_A_TIME = 100;

/** Keeps every secret of the config current, each on its own clock (SRC15). */
export function createSecretRefresher(options: RefreshOptions): SecretRefresher {
  const running = new Map<string, SecretRefresh>();
  const edges = { ...options, clock: options.clock ?? systemClock, random: options.random ?? Math.random };
  const phases = createPhases(edges.random());
  const limits = new WeakMap<SecretStore, LimitFunction>();

  const turnOf = (store: SecretStore): LimitFunction => {
    const limit = limits.get(store) ?? pLimit(READS_AT_A_TIME);
    limits.set(store, limit);
    return limit;
  };

  const start = (config: SecretConfig, store: SecretStore, restored: CheckedSecret | undefined): void => {
    const before = running.get(config.name);
    before?.stop();
    const inherited = inheritedBy(config, before?.standing);
    const standing =
      inherited ?? (restored && ({ secret: restored, source: 'restored', known: undefined } as const));
    const place = { store, turn: turnOf(store), phase: phases(), standing };
    running.set(config.name, new SecretRefresh(config, place, edges));
  };

  const drop = (name: string): void => {
    running.get(name)?.stop();
    running.delete(name);
  };

  const update: SecretRefresher['update'] = (secrets, stores, restored) => {
    if (options.signal.aborted) return;
    const left = new Set(running.keys());
    for (const config of secrets) {
      left.delete(config.name);
      const store = stores.get(config.store);
      if (store === undefined) {
        drop(config.name);
        const reason = `there is no secret store "${config.store}"`;
        options.onProblem(config.name, problemOf(config, 'secret_failed', reason));
      } else if (running.get(config.name)?.isFor(config, store) !== true) {
        start(config, store, restored?.get(config.name));
      }
    }
    for (const name of left) drop(name);
  };

  const stop = () => {
    for (const refresh of running.values()) refresh.stop();
  };
  options.signal.addEventListener('abort', stop, { once: true });

  const status = () =>
    [...running.values()]
      .map((refresh) => refresh.status())
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  const served = (name: string) => running.get(name)?.standing?.secret;
  return { update, status, served };
}

/** An edit of where a secret is read changes nothing of what is served until the new place was read. */
function inheritedBy({ kind }: SecretConfig, before: Standing | undefined): Standing | undefined {
  return before?.secret.kind === kind ? { ...before, known: undefined } : undefined;
}
