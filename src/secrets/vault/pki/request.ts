// The library registers its parts by metadata of classes: this has to come before it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  type JsonGeneralNames,
  Name,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { IssuedRef } from '../refs.ts';

/** A key that was made here, and what Vault is asked to sign for it. */
export interface SigningRequest {
  /** PKCS #10 PEM. */
  readonly csr: string;
  /** PKCS #8 PEM. */
  readonly privateKey: SecretBytes;
}

type KeyType = NonNullable<IssuedRef['keyType']>;

const CURVE_HASH: Readonly<Record<number, string>> = { 256: 'SHA-256', 384: 'SHA-384', 521: 'SHA-512' };

/** Makes a key, and the request with all names: a role takes them from it or from the call beside it. */
export async function makeSigningRequest(ref: IssuedRef, keyType: KeyType): Promise<SigningRequest> {
  const algorithm = algorithmOf(keyType, ref.keyBits);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new TypeError(`${keyType} gives no key pair`);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: new Name([{ CN: [{ utf8String: ref.commonName }] }]),
      keys,
      signingAlgorithm: algorithm,
      extensions: extensionsOf(ref),
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    csr: request.toString('pem'),
    privateKey: SecretBytes.fromUtf8(`${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`),
  };
}

function algorithmOf(keyType: KeyType, keyBits: number | undefined) {
  if (keyType === 'ed25519') return { name: 'Ed25519' };
  if (keyType === 'rsa') {
    const publicExponent = new Uint8Array([1, 0, 1]);
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent, modulusLength: keyBits ?? 2048 };
  }
  const bits = keyBits ?? 256;
  return { name: 'ECDSA', namedCurve: `P-${bits}`, hash: CURVE_HASH[bits] ?? 'SHA-256' };
}

/** Vault adds the common name to them by itself, as it does with a key of its own. */
function extensionsOf({ altNames, ipSans, uriSans }: IssuedRef) {
  const sans: JsonGeneralNames = [
    ...altNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipSans.map((value) => ({ type: 'ip' as const, value })),
    ...uriSans.map((value) => ({ type: 'url' as const, value })),
  ];
  return sans.length === 0 ? [] : [new SubjectAlternativeNameExtension(sans)];
}
