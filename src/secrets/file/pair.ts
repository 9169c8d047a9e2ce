import { createPublicKey, X509Certificate } from 'node:crypto';
import type { SecretBytes } from '../../secret-bytes.ts';
import { parsePrivateKey } from '../material-tls.ts';
import { splitPem } from '../pem.ts';

export type PairState = 'matches' | 'differs' | 'unreadable';

/** How a certificate and a key stand to each other; `unreadable` may be half written or wrong for good. */
export function pairState(certificate: SecretBytes, privateKey: SecretBytes): PairState {
  try {
    const key = createPublicKey(parsePrivateKey(privateKey.reveal()));
    const blocks = splitPem(certificate.reveal()).blocks.filter((block) => block.label === 'CERTIFICATE');
    const matches = blocks.some((block) => new X509Certificate(block.der).publicKey.equals(key));
    return matches ? 'matches' : blocks.length === 0 ? 'unreadable' : 'differs';
  } catch {
    return 'unreadable';
  }
}
