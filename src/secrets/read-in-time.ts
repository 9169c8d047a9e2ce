import type { Clock } from '../clock.ts';
import type { SecretConfig } from '../model/config.ts';
import type { SecretStore, SecretVersion, UnchangedSecret } from './store.ts';

const DEADLINE_MS = 30_000;

export interface TimedRead {
  readonly store: SecretStore;
  readonly config: SecretConfig;
  /** The version that is had already. */
  readonly known: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One look into the store that ends in time, even where the store ignores its signal. */
export async function readInTime({
  store,
  config,
  known,
  clock,
  signal,
}: TimedRead): Promise<SecretVersion | UnchangedSecret | undefined> {
  signal.throwIfAborted();
  const late = new AbortController();
  const both = AbortSignal.any([signal, late.signal]);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(both.reason);
  both.addEventListener('abort', onAbort, { once: true });
  const words = new Error(`the store gave no answer within ${DEADLINE_MS / 1000} s`);
  const cancel = clock.after(DEADLINE_MS, () => late.abort(words));
  try {
    return await Promise.race([store.read(config.ref, both, known), aborted.promise]);
  } finally {
    cancel();
    both.removeEventListener('abort', onAbort);
  }
}
