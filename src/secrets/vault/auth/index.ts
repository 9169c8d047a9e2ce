import type { VaultOptions } from '../schema.ts';
import { appRole } from './app-role.ts';
import { awsIam } from './aws-iam.ts';
import { certificate } from './certificate.ts';
import { tokenOfFile, tokenOfSecret } from './given-token.ts';
import { jwt } from './jwt.ts';
import type { AuthMethod, AuthParts } from './method.ts';

/** The one method that the config names. */
export function createAuth({ auth, tls }: Pick<VaultOptions, 'auth' | 'tls'>, parts: AuthParts): AuthMethod {
  if (auth.appRole !== undefined) return appRole(auth.appRole, parts);
  if (auth.awsIam !== undefined) return awsIam(auth.awsIam, parts);
  if (auth.kubernetes !== undefined) return jwt(auth.kubernetes, parts);
  if (auth.jwt !== undefined) return jwt(auth.jwt, parts);
  if (auth.certificate !== undefined) return certificate(auth.certificate, tls, parts);
  if (auth.tokenFile !== undefined) return tokenOfFile(auth.tokenFile.path, parts);
  if (auth.token !== undefined) return tokenOfSecret(auth.token.secret, parts);
  throw new TypeError('the schema lets no store without a method pass');
}
