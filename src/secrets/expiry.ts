import type { CheckedSecret } from './store.ts';

/** `warn` from 80 % of the life on, `page` from 90 %. */
export type ExpiryAlarm = 'none' | 'warn' | 'page' | 'expired';

/** A certificate that does not say when its life began counts as one of 90 days. */
const USUAL_LIFE_MS = 90 * 86_400_000;

/** Epoch milliseconds at which it must not be used any more; undefined: it has no end of its own. */
export function endOf(secret: CheckedSecret): number | undefined {
  return 'notAfter' in secret ? secret.notAfter : undefined;
}

export function expiryAlarm(secret: CheckedSecret, now: number): ExpiryAlarm {
  if (!('notAfter' in secret)) return 'none';
  const left = secret.notAfter - now;
  if (left <= 0) return 'expired';
  const life = secret.notBefore === undefined ? USUAL_LIFE_MS : secret.notAfter - secret.notBefore;
  if (left <= life * 0.1) return 'page';
  return left <= life * 0.2 ? 'warn' : 'none';
}
