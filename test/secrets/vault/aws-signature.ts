import { createHash, createHmac } from 'node:crypto';

/** A request as Vault's aws method gets it, decoded. */
export interface SentIdentity {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the text of a header `authorization` says. */
export interface Authorization {
  readonly accessKeyId: string;
  /** `20260101/eu-west-1/sts/aws4_request` */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export function authorizationOf({ headers }: SentIdentity): Authorization {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, scope, names, signature] = pattern.exec(headers['authorization'] ?? '') ?? [];
  if (accessKeyId === undefined || scope === undefined || names === undefined || signature === undefined)
    throw new Error('not an authorization of Signature Version 4');
  return { accessKeyId, scope, signedHeaders: names.split(';'), signature };
}

/** The signature that STS would compute (AWS Signature Version 4, "Create a signed request"). */
export function signatureOf(sent: SentIdentity, secretAccessKey: string): string {
  const { scope, signedHeaders } = authorizationOf(sent);
  const { pathname } = new URL(sent.url);
  const lines = signedHeaders.map((name) => `${name}:${sent.headers[name]?.trim()}`);
  const canonical = [
    sent.method,
    pathname,
    '',
    ...lines,
    '',
    signedHeaders.join(';'),
    sha256(sent.body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', sent.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(text).digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
