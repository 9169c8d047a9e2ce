import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const text = z.string().min(1, 'must not be empty').max(512);

export const region = z
  .string()
  .regex(/^[a-z]{2}[a-z0-9-]{2,38}$/, 'a region is written like eu-west-1')
  .describe('A region, like eu-west-1');

const assumeRole = z.strictObject({
  roleArn: z
    .string()
    .regex(/^arn:[a-z0-9-]+:iam::[0-9]{12}:role\/\S+$/, 'write arn:aws:iam::123456789012:role/<name>')
    .describe('The role to read with'),
  externalId: z.string().min(2).max(1224).optional().describe('What the trust policy of the role asks for'),
  sessionName: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/, '2 to 64 letters, digits and + = , . @ - _')
    .default('muster')
    .describe("Shown in CloudTrail; default 'muster'"),
});

/** How AWS is asked: by the default chain or a profile, and as a role. */
export const awsAccess = z.strictObject({
  profile: text.optional().describe('A profile of the AWS config files; default: the default chain'),
  assumeRole: assumeRole.optional().describe('A role to assume with these credentials'),
});

/** Access keys that are a secret themselves. */
export const awsKeysRef = z
  .strictObject({ secret: text.describe('Name of a secret of kind value, out of another store') })
  .describe('Access keys as JSON: accessKeyId, secretAccessKey and, if any, sessionToken');

/** For `refine`. */
export const profileOrKeys = [
  ({ profile, keys }: { readonly profile?: string | undefined; readonly keys?: unknown }) =>
    profile === undefined || keys === undefined,
  'write profile or keys, not both',
] as const;

export type AwsAccess = z.infer<typeof awsAccess>;

/** Another endpoint of a service of AWS: a VPC endpoint, or one in a test. */
export const endpoint = z.string().superRefine((url, context) => {
  const message = endpointFault(url);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** What answers with secrets, as STS does, is never asked in the clear beyond this machine. */
export const secureEndpoint = endpoint.refine(
  (url) => !url.startsWith('http://') || isLoopback(new URL(url).hostname),
  'its answers are secret: write https://, http:// is for loopback',
);

function endpointFault(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    return 'write a URL such as https://vpce.example.com';
  if (parsed.username !== '' || parsed.password !== '') return 'no user or password belongs into an endpoint';
  return undefined;
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || (isIP(host) !== 0 && ipaddr.parse(host).range() === 'loopback');
}
