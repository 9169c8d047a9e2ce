import { createHash, createHmac } from 'node:crypto';
import type { SecretBytes } from '../../../secret-bytes.ts';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: SecretBytes;
  readonly sessionToken?: string | undefined;
}

export interface SignedPost {
  readonly url: URL;
  readonly region: string;
  readonly service: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly keys: AwsKeys;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The headers of a POST by AWS Signature Version 4. It is sent by Vault and not by us, so the SDK's
 * own clients, which sign only what they send, are of no use here.
 */
export function signV4(post: SignedPost): Readonly<Record<string, string>> {
  const { url, region, service, body, keys, now } = post;
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const headers: Record<string, string> = { ...post.headers, host: url.host, 'x-amz-date': time };
  if (keys.sessionToken !== undefined) headers['x-amz-security-token'] = keys.sessionToken;
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name.toLowerCase()}:${headers[name]?.trim()}\n`).join('');
  const signed = names.map((name) => name.toLowerCase()).join(';');
  const canonical = ['POST', url.pathname, '', lines, signed, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const signature = hmac(signingKey(keys, scope), text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  return { ...headers, authorization };
}

function signingKey({ secretAccessKey }: AwsKeys, scope: string): Buffer {
  const start = Buffer.concat([Buffer.from('AWS4'), secretAccessKey.reveal()]);
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), start);
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
