import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { durationMs } from '../../../duration.ts';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { SecretParts } from '../../store.ts';
import type { VaultCalls } from '../calls.ts';
import { VaultFault, withNeed } from '../fault.ts';
import { parseAnswer } from '../kv-answers.ts';
import { encodePath } from '../names.ts';
import type { IssuedRef } from '../refs.ts';

/** A certificate that Vault made for us. */
export interface Issued {
  readonly serial: string;
  readonly parts: SecretParts;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const pem = z.string().includes('-----BEGIN CERTIFICATE-----');

const issuedAnswer = z.object({
  data: z.object({
    certificate: pem,
    issuing_ca: z.string().nullish(),
    ca_chain: z.array(z.string()).nullish(),
    serial_number: z.string().regex(/^[0-9a-f]{2}([:-][0-9a-f]{2})*$/i),
    /** Absent where the key is ours. */
    private_key: z.string().min(1).nullish(),
  }),
});

type IssuedAnswer = z.infer<typeof issuedAnswer>['data'];

/** Has a certificate issued, or signed for a key that is made here. */
export async function issueCertificate(
  calls: VaultCalls,
  ref: IssuedRef,
  signal: AbortSignal,
): Promise<Issued> {
  const request = ref.keyType === undefined ? undefined : await makeRequest(ref, ref.keyType);
  const place = [ref.mount, request === undefined ? 'issue' : 'sign', ref.role] as const;
  const asked = place.join('/');
  const kind = request === undefined ? { private_key_format: 'pkcs8' } : { csr: request.csr };
  try {
    const body = { ...namesOf(ref), ...kind, format: 'pem' };
    const answer = await calls.write(place.map(encodePath).join('/'), body, signal);
    const issued = parseAnswer(issuedAnswer, answer, asked).data;
    return { ...lifeOf(issued, asked), serial: issued.serial_number, parts: partsOf(issued, request, asked) };
  } catch (error) {
    throw withNeed(error, `update on ${asked}`);
  }
}

/** The library is loaded by those alone who need it. */
async function makeRequest(ref: IssuedRef, keyType: NonNullable<IssuedRef['keyType']>) {
  const { makeSigningRequest } = await import('./request.ts');
  return makeSigningRequest(ref, keyType);
}

function namesOf({ commonName, altNames, ipSans, uriSans, ttl }: IssuedRef) {
  const life = ttl === undefined ? {} : { ttl: `${Math.floor(durationMs.parse(ttl) / 1000)}s` };
  return {
    common_name: commonName,
    alt_names: altNames.join(','),
    ip_sans: ipSans,
    uri_sans: uriSans,
    ...life,
  };
}

function partsOf(
  issued: IssuedAnswer,
  request: { readonly privateKey: SecretBytes } | undefined,
  asked: string,
): SecretParts {
  const certificate = SecretBytes.fromUtf8(chainOf(issued));
  if (request !== undefined) return { certificate, privateKey: request.privateKey };
  if (typeof issued.private_key !== 'string')
    throw new VaultFault('broken', `writing ${asked}: the answer holds no key`);
  return { certificate, privateKey: SecretBytes.fromUtf8(issued.private_key) };
}

/** What is above the leaf, without roots: those who trust one have it. */
function chainOf({ certificate, ca_chain, issuing_ca }: IssuedAnswer): string {
  const above = ca_chain?.length ? ca_chain : [issuing_ca ?? ''];
  const sent = above.filter((one) => one !== '' && !isRoot(one));
  return [certificate, ...sent].map((one) => `${one.trim()}\n`).join('');
}

function isRoot(text: string): boolean {
  const certificate = parseCertificate(text);
  if (certificate === undefined) return false;
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function lifeOf({ certificate }: IssuedAnswer, asked: string): Pick<Issued, 'notBefore' | 'notAfter'> {
  const leaf = parseCertificate(certificate);
  if (leaf === undefined)
    throw new VaultFault('broken', `writing ${asked}: the certificate of the answer cannot be parsed`);
  return { notBefore: Date.parse(leaf.validFrom), notAfter: Date.parse(leaf.validTo) };
}

function parseCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined; // OpenSSL's words say less than those of who asked.
  }
}
