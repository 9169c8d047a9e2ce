import { certificateFault, lifeOf, parseCertificates } from './certificates.ts';
import type { Checked } from './checked.ts';
import { joinPem, PemFault, splitPem } from './pem.ts';
import type { SecretVersion } from './store.ts';

/** Expired members of a bundle are left out: they make no chain valid, and system bundles hold some. */
export function checkCa(version: SecretVersion, now: number): Checked {
  const { certificates: part, crl: crlPart } = version.parts;
  if (part === undefined) return { problem: 'the CA certificates are missing', warnings: [] };
  const found = parseCertificates(part.reveal());
  const unique = [...new Map(found.certificates.map((one) => [one.fingerprint256, one])).values()];
  const faults = unique.map((one) => certificateFault(one, now));
  const good = unique.filter((_, n) => faults[n] === undefined);
  const left = faults.filter((fault) => fault !== undefined);
  if (good.length === 0) return { problem: left[0], warnings: [] };
  const crl = crlPart === undefined ? undefined : parseCrl(crlPart.reveal());
  const secret = {
    kind: 'ca',
    version: version.version,
    certificates: joinPem(
      'CERTIFICATE',
      good.map((one) => one.raw),
    ),
    ...(crl === undefined ? {} : { crl }),
    ...lifeOf(good),
  } as const;
  const warnings = [...found.warnings, ...left.map((fault) => `${fault} and was left out`)];
  return { secret, warnings };
}

function parseCrl(bytes: Uint8Array): Buffer {
  const blocks = splitPem(bytes).blocks.filter((block) => block.label === 'X509 CRL');
  if (blocks.length === 0) throw new PemFault('there is no X509 CRL block in the crl');
  for (const { der } of blocks) {
    if (!isSigned(der)) throw new PemFault('the X509 CRL cannot be parsed: the file is damaged');
  }
  return joinPem(
    'X509 CRL',
    blocks.map((block) => block.der),
  );
}

/** The outer form of everything signed: a body, an algorithm, a bit string, and nothing more. */
function isSigned(der: Buffer): boolean {
  let at = header(der, 0).body;
  for (const tag of [0x30, 0x30, 0x03]) {
    if (at >= der.length || der[at] !== tag) return false;
    const { body, length } = header(der, at);
    at = body + length;
  }
  return at === der.length;
}

function header(der: Buffer, at: number): { readonly body: number; readonly length: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { body: at + 2, length: first };
  const size = Math.min(first & 0x7f, 4, der.length - at - 2);
  return { body: at + 2 + size, length: size <= 0 ? 0 : der.readUIntBE(at + 2, size) };
}
