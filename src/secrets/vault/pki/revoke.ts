import type { VaultCalls } from '../calls.ts';
import { withNeed } from '../fault.ts';
import { encodePath } from '../names.ts';

export interface Revocable {
  readonly mount: string;
  readonly serial: string;
}

/** Puts it on the revocation list of its mount. */
export async function revokeCertificate(
  calls: VaultCalls,
  { mount, serial }: Revocable,
  signal: AbortSignal,
): Promise<void> {
  try {
    await calls.write(`${encodePath(mount)}/revoke`, { serial_number: serial }, signal);
  } catch (error) {
    throw withNeed(error, `update on ${mount}/revoke`);
  }
}
