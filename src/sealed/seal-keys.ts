import { createHmac, hkdfSync } from 'node:crypto';
import { SecretBytes } from '../secret-bytes.ts';

/** What the one seal key is for, each with a key of its own (HKDF, RFC 5869). */
export interface SealKeys {
  /** Tells files of another key from damaged ones; 8 bytes, no secret. */
  readonly id: Uint8Array;
  /** AES-256-GCM. */
  readonly sealing: SecretBytes;
  /** HMAC of a secret's name: its file's name. */
  readonly naming: SecretBytes;
  /** `hmacKey` of the stores: equal content has the same version after a restart, and on every replica with this key. */
  readonly versions: SecretBytes;
}

/** `key`: 32 bytes. */
export function deriveSealKeys(key: SecretBytes): SealKeys {
  const derive = (purpose: string, bytes: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key.reveal(), '', `muster sealed secrets 1: ${purpose}`, bytes));
  return {
    id: derive('key id', 8),
    sealing: new SecretBytes(derive('sealing', 32)),
    naming: new SecretBytes(derive('file names', 32)),
    versions: new SecretBytes(derive('versions', 32)),
  };
}

/** A name of hex digits whatever is in the secret's: slashes and dots of it reach no path. */
export function fileNameOf({ naming }: SealKeys, secret: string): string {
  return `${createHmac('sha256', naming.reveal()).update(secret).digest('hex')}.sealed`;
}
