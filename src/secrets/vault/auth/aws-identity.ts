import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { credentialsFor } from '../../../aws/credentials.ts';
import { VaultFault } from '../fault.ts';
import type { AwsIamOptions } from './aws-iam.ts';

/** A request to STS that whoever has it may send once, within minutes. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
/** Instance metadata and STS are asked for credentials within this. */
const CREDENTIALS_MS = 15_000;

/** `GetCallerIdentity`, signed and not sent. */
export async function signedIdentity(options: AwsIamOptions, signal: AbortSignal): Promise<SignedRequest> {
  const { region, serverId } = options;
  const url = new URL(options.stsEndpoint ?? stsOf(region));
  const credentials = await credentialsOf(options, signal);
  const signer = new SignatureV4({
    region,
    service: 'sts',
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { method, headers } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    body: BODY,
    headers: {
      host: url.host,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      ...(serverId === undefined ? {} : { 'x-vault-aws-iam-server-id': serverId }),
    },
  });
  return { method, url: url.href, headers, body: BODY };
}

function stsOf(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

async function credentialsOf(options: AwsIamOptions, signal: AbortSignal) {
  const late = AbortSignal.any([signal, AbortSignal.timeout(CREDENTIALS_MS)]);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(new DOMException('too late', 'TimeoutError'));
  late.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([credentialsFor(options, options)(), aborted.promise]);
  } catch (error) {
    signal.throwIfAborted();
    const name = error instanceof Error ? error.name : 'unknown';
    const { profile, assumeRole } = options;
    const from = profile === undefined ? '' : ` of the profile ${profile}`;
    const as = assumeRole === undefined ? '' : ` as ${assumeRole.roleArn}`;
    // The SDK's own error may hold what it read.
    throw new VaultFault('refused', `no AWS credentials${from}${as} to log in to Vault with (${name})`);
  } finally {
    late.removeEventListener('abort', onAbort);
  }
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or its HMAC where there is a key, as the signer asks for it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: SourceData) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
