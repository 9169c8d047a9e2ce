import { createHash, createPublicKey } from 'node:crypto';
import type { SecretConfig } from '../model/config.ts';
import type { CheckedSecret } from './store.ts';

/**
 * The version under which a secret is served: equal means equal bytes, whichever store it came from,
 * on every replica and over a restart, and it gives nothing away. Of a pair and of authorities it is
 * a hash of what is public in them; of other kinds one of where they were read, and of the store's
 * own version there.
 */
export function servedVersion(config: SecretConfig, secret: CheckedSecret): string {
  const hash = createHash('sha256');
  for (const field of publicFields(config, secret)) {
    // Each with its length, so that no two lists of fields read the same.
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    hash.update(length).update(field);
  }
  return hash.digest('hex').slice(0, 32);
}

function publicFields({ store, ref }: SecretConfig, secret: CheckedSecret): readonly Uint8Array[] {
  switch (secret.kind) {
    case 'tls':
      return [secret.certificateChain, publicKeyOf(secret.privateKey.reveal())];
    case 'ca':
      return [secret.certificates, secret.crl ?? new Uint8Array()];
    case 'sessionTicketKeys':
    case 'value':
      return [secret.kind, store, JSON.stringify(ref), secret.version].map((text) => Buffer.from(text));
  }
}

function publicKeyOf(privateKeyPem: Uint8Array): Uint8Array {
  return createPublicKey(Buffer.from(privateKeyPem)).export({ format: 'der', type: 'spki' });
}
