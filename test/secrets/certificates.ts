import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

const ALGORITHMS = {
  p256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  p384: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  p521: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  rsa1024: rsa(1024),
  rsa2048: rsa(2048),
  rsa3072: rsa(3072),
  ed25519: { name: 'Ed25519' },
} as const;

export type KeyAlgorithm = keyof typeof ALGORITHMS;

export interface MadeCertificate {
  /** PEM of this certificate alone. */
  readonly certificate: string;
  /** PEM of this certificate and of every intermediate above it, leaf first, without the root. */
  readonly chain: string;
  /** PKCS #8 PEM. */
  readonly privateKey: string;
  readonly signer: Signer;
}

interface Signer {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: KeyAlgorithm;
  readonly selfSigned: boolean;
  readonly chain: string;
}

interface Wanted {
  readonly algorithm?: KeyAlgorithm;
  /** Who signs; absent: itself. */
  readonly issuer?: MadeCertificate;
  /** Life in days from `from`; default 30. */
  readonly days?: number;
  /** When its life begins; default a minute ago. */
  readonly from?: Date;
}

/** A root, or with `issuer` an intermediate. */
export function makeCa(wanted: Wanted & { readonly name?: string } = {}): Promise<MadeCertificate> {
  return make(wanted, wanted.name ?? 'muster test CA', [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]);
}

/** A certificate for a server or a client: DNS names, IP addresses and URIs as subject alternative names. */
export function makeCertificate(
  wanted: Wanted & {
    readonly names?: readonly string[];
    readonly ips?: readonly string[];
    readonly uris?: readonly string[];
    /** Absent: the certificate does not say. */
    readonly keyUsages?: KeyUsageFlags;
  } = {},
): Promise<MadeCertificate> {
  const sans: JsonGeneralNames = [
    ...(wanted.names ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(wanted.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
    ...(wanted.uris ?? []).map((value) => ({ type: 'url' as const, value })),
  ];
  return make(wanted, wanted.names?.[0] ?? 'muster test', [
    new BasicConstraintsExtension(false, undefined, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    ...(wanted.keyUsages === undefined ? [] : [new KeyUsagesExtension(wanted.keyUsages, true)]),
    ...(sans.length === 0 ? [] : [new SubjectAlternativeNameExtension(sans)]),
  ]);
}

/** An empty revocation list signed by `issuer`. */
export async function makeCrl(issuer: MadeCertificate): Promise<string> {
  const crl = await X509CrlGenerator.create(
    {
      issuer: issuer.signer.certificate.subject,
      signingAlgorithm: ALGORITHMS[issuer.signer.algorithm],
      signingKey: issuer.signer.keys.privateKey,
      thisUpdate: new Date(Date.now() - 60_000),
      nextUpdate: new Date(Date.now() + 86_400_000),
    },
    webcrypto,
  );
  // The library writes the label that nobody else reads.
  return `${crl.toString('pem').replaceAll(' CRL-', ' X509 CRL-')}\n`;
}

async function make(wanted: Wanted, commonName: string, extensions: Extensions): Promise<MadeCertificate> {
  const algorithm = wanted.algorithm ?? 'p256';
  const keys = await generateKeys(algorithm);
  const issuer = wanted.issuer?.signer;
  const from = wanted.from ?? new Date(Date.now() - 60_000);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
        .toString('hex')
        .replace(/^./, '1'),
      subject: `CN=${commonName}`,
      issuer: issuer?.certificate.subject ?? `CN=${commonName}`,
      notBefore: from,
      notAfter: new Date(from.getTime() + (wanted.days ?? 30) * 86_400_000),
      publicKey: keys.publicKey,
      signingKey: issuer?.keys.privateKey ?? keys.privateKey,
      signingAlgorithm: ALGORITHMS[issuer?.algorithm ?? algorithm],
      extensions,
    },
    webcrypto,
  );
  const pem = `${certificate.toString('pem')}\n`;
  const chain = issuer === undefined || issuer.selfSigned ? pem : pem + issuer.chain;
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: pem,
    chain,
    privateKey: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
    signer: { certificate, keys, algorithm, selfSigned: issuer === undefined, chain },
  };
}

type Extensions = NonNullable<Parameters<typeof X509CertificateGenerator.create>[0]['extensions']>;

async function generateKeys(algorithm: KeyAlgorithm): Promise<webcrypto.CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHMS[algorithm], true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new TypeError(`${algorithm} gives no key pair`);
  return keys;
}

function rsa(modulusLength: number) {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent, modulusLength } as const;
}
