import type { VaultAuth } from '../auth-schema.ts';
import { tokenOfFile, tokenOfSecret } from './given-token.ts';
import type { AuthMethod, AuthParts } from './method.ts';

/** The one method that the config names. */
export function createAuth(auth: VaultAuth, parts: AuthParts): AuthMethod {
  if (auth.tokenFile !== undefined) return tokenOfFile(auth.tokenFile.path, parts);
  if (auth.token !== undefined) return tokenOfSecret(auth.token.secret, parts);
  throw new TypeError('the schema lets no store without a method pass');
}
