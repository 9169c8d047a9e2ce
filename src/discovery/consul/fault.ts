import { MusterError } from '../../errors.ts';

/** What Consul, or the way to it, did not do; the text says what to do about it. */
export function failed(message: string, cause?: unknown): MusterError {
  return new MusterError('source_failed', message, { cause });
}
