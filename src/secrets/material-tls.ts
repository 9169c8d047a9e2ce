import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { SecretBytes } from '../secret-bytes.ts';
import { certificateFault, lifeOf, parseCertificates, subjectOf } from './certificates.ts';
import { dnsNames, maySign, orderChain } from './chain.ts';
import type { Checked } from './checked.ts';
import { joinPem, type PemBlock, PemFault, splitPem } from './pem.ts';
import type { SecretVersion } from './store.ts';

/** More is a bundle of authorities by mistake: each handshake would carry it. */
const MOST_CERTIFICATES = 32;
const PRIVATE_KEY = /PRIVATE KEY$/;
/** The curves that Envoy's TLS takes. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};
/** Envoy refuses RSA keys below, its TLS library those above. */
const RSA_BITS = { least: 2048, most: 8192 };

export function checkTls(version: SecretVersion, now: number): Checked {
  const { certificate: certificatePart, privateKey: keyPart } = version.parts;
  if (certificatePart === undefined) return refuse('the certificate is missing');
  if (keyPart === undefined) return refuse('the private key is missing');
  const found = parseCertificates(certificatePart.reveal());
  if (found.certificates.length > MOST_CERTIFICATES)
    return refuse(
      `there are ${found.certificates.length} certificates; a chain has a few, at most ${MOST_CERTIFICATES}`,
    );
  const key = parsePrivateKey(keyPart.reveal());
  const leaf = found.certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) {
    return refuse(
      `the private key belongs to none of the certificates (first: ${subjectOf(found.certificates[0])})`,
    );
  }
  const { chain, unused } = orderChain(leaf, found.certificates);
  const fault =
    keyFault(key) ?? leafFault(leaf, key) ?? chain.map((one) => certificateFault(one, now)).find(Boolean);
  if (fault !== undefined) return refuse(fault);
  const warnings = [
    ...found.warnings,
    ...(key.asymmetricKeyType === 'ed25519' ? ['the key is Ed25519, which browsers do not take'] : []),
    ...(leaf === found.certificates[0]
      ? []
      : ['the certificates were out of order and have been put in order']),
    ...unused.map((one) => `${subjectOf(one)} is no part of the chain and was left out`),
  ];
  return { secret: tlsSecret(version.version, chain, key), warnings };
}

function tlsSecret(version: string, chain: readonly X509Certificate[], key: KeyObject) {
  const certificateChain = joinPem(
    'CERTIFICATE',
    chain.map((one) => one.raw),
  );
  const privateKey = new SecretBytes(joinPem('PRIVATE KEY', [key.export({ format: 'der', type: 'pkcs8' })]));
  const [leaf] = chain;
  const names = leaf === undefined ? [] : dnsNames(leaf);
  return { kind: 'tls', version, certificateChain, privateKey, ...lifeOf(chain), names } as const;
}

/** Throws PemFault. */
export function parsePrivateKey(bytes: Uint8Array): KeyObject {
  const keys = splitPem(bytes).blocks.filter((block) => PRIVATE_KEY.test(block.label));
  const [block] = keys;
  if (block === undefined) throw new PemFault('there is no PRIVATE KEY block in the private key');
  if (keys.length > 1)
    throw new PemFault(`there are ${keys.length} private keys: leave the one of this certificate`);
  if (block.encrypted || block.label === 'ENCRYPTED PRIVATE KEY') {
    throw new PemFault(
      'the private key is protected by a password: store it without (openssl pkey -in … -out …)',
    );
  }
  return readKey(block);
}

function readKey(block: PemBlock): KeyObject {
  const type =
    block.label === 'RSA PRIVATE KEY' ? 'pkcs1' : block.label === 'EC PRIVATE KEY' ? 'sec1' : 'pkcs8';
  try {
    return createPrivateKey({ key: block.der, format: 'der', type });
  } catch {
    // The cause is left behind: it may quote what it could not parse.
    throw new PemFault(`the ${block.label} cannot be parsed: the file is damaged`);
  }
}

function keyFault(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    const bits = details.modulusLength ?? 0;
    if (bits < RSA_BITS.least) return `the RSA key has ${bits} bits; Envoy takes ${RSA_BITS.least} or more`;
    return bits > RSA_BITS.most
      ? `the RSA key has ${bits} bits; Envoy takes at most ${RSA_BITS.most}`
      : undefined;
  }
  if (key.asymmetricKeyType === 'ec') {
    const curve = details.namedCurve ?? 'an unnamed curve';
    return Object.hasOwn(CURVES, curve)
      ? undefined
      : `the key is on ${curve}; Envoy takes P-256, P-384 and P-521`;
  }
  if (key.asymmetricKeyType === 'ed25519') return undefined;
  return `the key is of type ${key.asymmetricKeyType}; Envoy takes RSA, EC (P-256, P-384, P-521) and Ed25519`;
}

function leafFault(leaf: X509Certificate, key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'ec' || maySign(leaf)) return undefined;
  return `${subjectOf(leaf)}: its key usage lacks digitalSignature, without which Envoy refuses an EC certificate`;
}

function refuse(problem: string): Checked {
  return { problem, warnings: [] };
}
