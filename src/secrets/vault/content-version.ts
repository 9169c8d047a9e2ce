import { createHmac } from 'node:crypto';
import type { SecretBytes } from '../../secret-bytes.ts';
import type { SecretParts } from '../store.ts';

/**
 * The version of what has none: an HMAC, which gives nothing away. Each part comes with its length
 * before it, so that no two contents read the same.
 */
export function contentVersion(parts: SecretParts, hmacKey: SecretBytes): string {
  const hmac = createHmac('sha256', hmacKey.reveal());
  for (const [name, bytes] of Object.entries(parts)) {
    hmac.update(`${name} ${bytes.length} `);
    hmac.update(bytes.reveal());
  }
  return hmac.digest('hex').slice(0, 32);
}
