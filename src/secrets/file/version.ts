import { createHash, createHmac, createPublicKey } from 'node:crypto';
import type { SecretBytes } from '../../secret-bytes.ts';
import { parsePrivateKey } from '../material-tls.ts';
import { splitPem } from '../pem.ts';

type Parts = Readonly<Record<string, SecretBytes>>;

/**
 * A version that gives nothing away. Of a certificate pair: a hash of what is public in it, the
 * certificates and the public half of the key; of CAs, all public, a hash of all: so that replicas
 * agree and a restart changes nothing. Of a value, and of a key that cannot be parsed: an HMAC
 * under `hmacKey`.
 */
export function versionOf(parts: Parts, hmacKey: SecretBytes): string {
  const { certificate, privateKey } = parts;
  const publicParts =
    certificate === undefined || privateKey === undefined ? undefined : publicHalf(certificate, privateKey);
  if (publicParts !== undefined) return digest(createHash('sha256'), publicParts);
  const named = Object.entries(parts).sort(([left], [right]) => (left < right ? -1 : 1));
  const fields = named.flatMap(([name, bytes]) => [Buffer.from(name), bytes.reveal()]);
  if (parts['certificates'] !== undefined) return digest(createHash('sha256'), fields);
  return digest(createHmac('sha256', hmacKey.reveal()), fields);
}

interface Digest {
  update(data: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** Each field with its length before it, so that no two lists of fields read the same. */
function digest(hash: Digest, fields: readonly Uint8Array[]): string {
  for (const field of fields) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    hash.update(length);
    hash.update(field);
  }
  return hash.digest('hex');
}

function publicHalf(certificate: SecretBytes, privateKey: SecretBytes): readonly Uint8Array[] | undefined {
  try {
    const certificates = splitPem(certificate.reveal()).blocks.filter(
      (block) => block.label === 'CERTIFICATE',
    );
    const spki = createPublicKey(parsePrivateKey(privateKey.reveal())).export({
      format: 'der',
      type: 'spki',
    });
    return [...certificates.map((block) => block.der), spki];
  } catch {
    return undefined; // The check says what is wrong with it; here only its identity counts.
  }
}
