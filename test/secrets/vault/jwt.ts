import { generateKeyPairSync, sign } from 'node:crypto';

export interface JwtIssuer {
  /** PEM of the key that it signs with. */
  readonly publicKey: string;
  /** A JWT with these claims, valid for `seconds` (300) from now. */
  issue(claims: Readonly<Record<string, unknown>>, seconds?: number): string;
}

/** Who makes JWTs for a test (ES256). */
export function jwtIssuer(): JwtIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    issue: (claims, seconds = 300) => {
      const now = Math.floor(Date.now() / 1000);
      const parts = [
        { alg: 'ES256', typ: 'JWT' },
        { iat: now - 60, nbf: now - 60, exp: now + seconds, ...claims },
      ];
      const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
  };
}
