import { z } from 'zod';
import { awsAccess, region, secureEndpoint } from '../../aws/schema.ts';
import { vaultName, vaultPath } from './names.ts';

export const filePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !text.includes('\0'), 'a path holds no NUL');

const mount = (name: string) =>
  vaultPath.default(name).describe(`Where the method is mounted, below auth/. Default ${name}`);

const appRole = z.strictObject({
  roleIdFile: filePath.describe('A file with the role id, read at each login'),
  secretIdFile: filePath.describe('A file with the secret id, read at each login'),
  wrapped: z
    .boolean()
    .default(false)
    .describe('The file holds a wrapping token, unwrapped once for each content of it. Default false'),
  mount: mount('approle'),
});

const awsIam = awsAccess.extend({
  role: vaultName.describe('The role of the aws method'),
  mount: mount('aws'),
  region: region.describe('The region whose STS the signed request is for'),
  serverId: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'printable characters without blanks')
    .optional()
    .describe('Value of X-Vault-AWS-IAM-Server-ID, where the method asks for it'),
  stsEndpoint: secureEndpoint
    .optional()
    .describe("The STS that Vault's role trusts; default https://sts.<region>.amazonaws.com"),
});

const jwt = z.strictObject({
  role: vaultName.describe('The role of the jwt method'),
  jwtFile: filePath.describe('A file with the token to log in with, read at each login'),
  mount: mount('jwt'),
});

const kubernetes = z.strictObject({
  role: vaultName.describe('The role of the kubernetes method'),
  jwtFile: filePath
    .default('/var/run/secrets/kubernetes.io/serviceaccount/token')
    .describe("A file with the service account's token, read at each login; default the pod's own"),
  mount: mount('kubernetes'),
});

const certificate = z.strictObject({
  name: vaultName.optional().describe('The certificate role; default any that fits'),
  mount: mount('cert'),
});

const METHODS = {
  appRole: appRole.optional().describe('Log in by AppRole'),
  awsIam: awsIam.optional().describe('Log in with the AWS identity of this machine, or a role'),
  kubernetes: kubernetes.optional().describe('Log in with a service account'),
  jwt: jwt.optional().describe('Log in with a JWT'),
  certificate: certificate.optional().describe('Log in with the certificate in tls'),
  token: z
    .strictObject({ secret: z.string().min(1).describe('A secret of kind value in another store') })
    .optional()
    .describe('A token that somebody else keeps valid'),
  tokenFile: z
    .strictObject({ path: filePath.describe('Read again when it changes, and when the token is refused') })
    .optional()
    .describe("A file with a token: an agent's sink"),
};

/** `secretStores.*.vault.auth`: exactly one method. */
export const vaultAuth = z
  .strictObject(METHODS)
  .refine(
    (auth) => Object.values(auth).filter((method) => method !== undefined).length === 1,
    `write exactly one of ${Object.keys(METHODS).join(', ')}`,
  );

export type VaultAuth = z.infer<typeof vaultAuth>;
