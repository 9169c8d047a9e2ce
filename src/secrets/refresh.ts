import { type Clock, systemClock } from '../clock.ts';
import { MusterError } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';
import type { ExpiryAlarm } from './expiry.ts';
import { SecretRefresh } from './secret-refresh.ts';
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
  /** `absent`: nothing to serve yet. `failing`: the last read or check failed, the last good is served. */
  readonly state: 'ok' | 'failing' | 'expiring' | 'absent';
  readonly version: string | undefined;
  readonly problem: string | undefined;
  readonly alarm: ExpiryAlarm;
  /** Epoch milliseconds: when the store last answered with something good; when the served version ends; the next read. */
  readonly lastSuccess: number | undefined;
  readonly notAfter: number | undefined;
  readonly nextAttempt: number | undefined;
}

export interface SecretRefresher {
  /** Refreshes exactly these from now on. What is unchanged runs on untouched; the rest is read at once. */
  update(secrets: Iterable<SecretConfig>, stores: ReadonlyMap<string, SecretStore>): void;
  /** By name, sorted. */
  status(): readonly SecretStatus[];
}

/** Keeps every secret of the config current, each on its own clock (SRC15). */
export function createSecretRefresher(options: RefreshOptions): SecretRefresher {
  const running = new Map<string, SecretRefresh>();
  const edges = { ...options, clock: options.clock ?? systemClock, random: options.random ?? Math.random };

  const update: SecretRefresher['update'] = (secrets, stores) => {
    if (options.signal.aborted) return;
    const left = new Set(running.keys());
    for (const config of secrets) {
      left.delete(config.name);
      const store = stores.get(config.store);
      if (store === undefined) {
        running.get(config.name)?.stop();
        running.delete(config.name);
        options.onProblem(config.name, noStore(config));
      } else if (running.get(config.name)?.isFor(config, store) !== true) {
        running.get(config.name)?.stop();
        running.set(config.name, new SecretRefresh(config, store, edges));
      }
    }
    for (const name of left) {
      running.get(name)?.stop();
      running.delete(name);
    }
  };

  const stop = () => {
    for (const refresh of running.values()) refresh.stop();
  };
  options.signal.addEventListener('abort', stop, { once: true });

  const status = () =>
    [...running.values()]
      .map((refresh) => refresh.status())
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  return { update, status };
}

function noStore({ name, store, origin }: SecretConfig): MusterError {
  const message = `secret "${name}": there is no secret store "${store}"`;
  return new MusterError('secret_failed', message, { origin });
}
