import type { X509Certificate } from 'node:crypto';

export interface OrderedChain {
  /** Leaf first, each signed by the next. */
  readonly chain: readonly X509Certificate[];
  /** What belongs to no link of it. */
  readonly unused: readonly X509Certificate[];
}

/** Puts certificates in order, starting at `leaf`; doubles are dropped. */
export function orderChain(leaf: X509Certificate, certificates: readonly X509Certificate[]): OrderedChain {
  const chain = [leaf];
  const left = new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate]));
  left.delete(leaf.fingerprint256);
  for (let tip = leaf; !isSelfIssued(tip); ) {
    const issuer = [...left.values()].find((candidate) => isIssuedBy(tip, candidate));
    if (issuer === undefined) break;
    chain.push(issuer);
    left.delete(issuer.fingerprint256);
    tip = issuer;
  }
  return { chain, unused: [...left.values()] };
}

function isIssuedBy(certificate: X509Certificate, candidate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(candidate) && certificate.verify(candidate.publicKey);
  } catch {
    return false; // A key that OpenSSL cannot use signed nothing here.
  }
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject;
}

/** DNS names of the subject alternative names. */
export function dnsNames(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName?.matchAll(/(?:^|, )DNS:([^,"]+)/g) ?? [];
  return Array.from(names, (match) => match[1] ?? '');
}

const KEY_USAGE = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0f]);

/**
 * Whether the key may sign handshakes: true where the certificate does not say. Envoy's TLS library
 * refuses to load an EC certificate whose key usage leaves that out. Node shows only the extended
 * usages, so the extension (OID 2.5.29.15, a bit string whose first bit it is) is looked up.
 */
export function maySign(certificate: X509Certificate): boolean {
  const der = certificate.raw;
  const at = der.indexOf(KEY_USAGE);
  if (at === -1) return true;
  const isCritical = der[at + 5] === 0x01;
  const value = at + 5 + (isCritical ? 3 : 0);
  if (der[value] !== 0x04 || der[value + 2] !== 0x03) return true;
  return ((der[value + 5] ?? 0) & 0x80) !== 0;
}
