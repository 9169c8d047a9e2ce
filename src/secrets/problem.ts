import { errorText, MusterError } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';

/** What is wrong with a secret, with where it is written: a failed read, or a version that must not be served. */
export function problemOf(
  { name, origin }: SecretConfig,
  code: 'secret_failed' | 'secret_invalid',
  reason: unknown,
): MusterError {
  if (reason instanceof MusterError && reason.code === 'secret_invalid') return reason;
  const text = typeof reason === 'string' ? reason : errorText(reason);
  const cause = reason instanceof Error ? { cause: reason } : {};
  return new MusterError(code, `secret "${name}": ${text}`, { origin, ...cause });
}
