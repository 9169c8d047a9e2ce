import { X509Certificate } from 'node:crypto';
import { PemFault, splitPem } from './pem.ts';

/** Clocks differ: a certificate counts as valid this long before its start and after its end. */
export const CLOCK_SKEW_MS = 120_000;

export interface FoundCertificates {
  /** At least one, as they stood. */
  readonly certificates: readonly X509Certificate[];
  readonly warnings: readonly string[];
}

const LABELS = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

/** Throws PemFault. */
export function parseCertificates(bytes: Uint8Array): FoundCertificates {
  const { blocks, stray } = splitPem(bytes);
  const found = blocks.filter((block) => LABELS.has(block.label));
  if (found.length === 0) throw new PemFault('there is no CERTIFICATE block in the certificate');
  const certificates = found.map((block, n) => {
    if (block.label === 'TRUSTED CERTIFICATE') {
      throw new PemFault(
        'a TRUSTED CERTIFICATE carries OpenSSL settings: write it as CERTIFICATE (openssl x509 -in … -out …)',
      );
    }
    try {
      return new X509Certificate(block.der);
    } catch {
      throw new PemFault(`certificate ${n + 1} cannot be parsed: the file is damaged`);
    }
  });
  return { certificates, warnings: stray ? ['text outside the PEM blocks was left out'] : [] };
}

/** Why a certificate is of no use at `now`; undefined: it is. */
export function certificateFault(certificate: X509Certificate, now: number): string | undefined {
  const name = subjectOf(certificate);
  const from = certificate.validFromDate.getTime();
  const until = certificate.validToDate.getTime();
  if (until + CLOCK_SKEW_MS < now) return `${name} expired on ${new Date(until).toISOString()}`;
  if (from - CLOCK_SKEW_MS > now) return `${name} is valid only from ${new Date(from).toISOString()}`;
  return undefined;
}

/** The subject on one line; Node leaves an empty one undefined, whatever its types say. */
export function subjectOf(certificate: X509Certificate | undefined): string {
  const subject: string | undefined = certificate?.subject;
  return subject === undefined || subject === ''
    ? 'a certificate without a subject'
    : subject.replaceAll('\n', ', ');
}

/** The life of a set of certificates is that of the one that ends first. At least one. */
export function lifeOf(certificates: readonly X509Certificate[]): {
  readonly notBefore: number;
  readonly notAfter: number;
} {
  const lives = certificates.map((one) => ({
    notBefore: one.validFromDate.getTime(),
    notAfter: one.validToDate.getTime(),
  }));
  return lives.reduce((first, life) => (life.notAfter < first.notAfter ? life : first));
}
