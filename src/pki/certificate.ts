// The library registers its parts by metadata of classes: this has to come before it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { SecretBytes } from '../secret-bytes.ts';

/** A certificate and its key, as they are written to files. */
export interface IssuedPair {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 PEM. */
  readonly privateKey: SecretBytes;
  readonly notAfter: Date;
}

/** Who signs. */
export interface Signer {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

export interface Wanted {
  readonly commonName: string;
  readonly uris?: readonly string[] | undefined;
  readonly names?: readonly string[] | undefined;
  readonly ips?: readonly string[] | undefined;
  readonly use: 'ca' | 'client' | 'server';
  readonly days: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Clocks differ: a certificate is valid for those that are this far behind. */
const SKEW_MS = 120_000;
const DAY_MS = 86_400_000;

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A pair with a new P-256 key; without a signer it signs itself. It never outlives its signer. */
export async function makePair(wanted: Wanted, signer?: Signer): Promise<IssuedPair> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const subject = `CN=${wanted.commonName}`;
  const end = wanted.now + wanted.days * DAY_MS;
  const last = signer?.certificate.notAfter.getTime() ?? end;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject,
      issuer: signer?.certificate.subject ?? subject,
      notBefore: new Date(wanted.now - SKEW_MS),
      notAfter: new Date(Math.min(end, last)),
      publicKey: keys.publicKey,
      signingKey: signer?.key ?? keys.privateKey,
      signingAlgorithm: P256,
      extensions: await extensionsOf(wanted, keys.publicKey, signer),
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: SecretBytes.fromUtf8(`${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`),
    notAfter: certificate.notAfter,
  };
}

/** The certificate of a signer, from DER. */
export function signerCertificate(der: Uint8Array): X509Certificate {
  return new X509Certificate(Uint8Array.from(der));
}

/** The key of a CA that `makePair` made; rejects for any other kind. */
export function importSigningKey(pkcs8: Uint8Array): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', Uint8Array.from(pkcs8), P256, false, ['sign']);
}

async function extensionsOf(wanted: Wanted, key: webcrypto.CryptoKey, signer: Signer | undefined) {
  const isCa = wanted.use === 'ca';
  const usage = isCa ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  const purpose = wanted.use === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  return [
    new BasicConstraintsExtension(isCa, isCa ? 0 : undefined, true),
    new KeyUsagesExtension(usage, true),
    ...(isCa ? [] : [new ExtendedKeyUsageExtension([purpose])]),
    new SubjectAlternativeNameExtension(sansOf(wanted)),
    await SubjectKeyIdentifierExtension.create(key, false, webcrypto),
    await AuthorityKeyIdentifierExtension.create(signer?.certificate.publicKey ?? key, false, webcrypto),
  ];
}

function sansOf({ uris = [], names = [], ips = [] }: Wanted): JsonGeneralNames {
  return [
    ...uris.map((value) => ({ type: 'url' as const, value })),
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
}

/** 127 random bits: positive, and no two are alike. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
