import { credentialsFor } from '../../../aws/credentials.ts';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultAuth } from '../auth-schema.ts';
import { VaultFault } from '../fault.ts';
import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';
import { type AwsKeys, signV4 } from './sign-v4.ts';

type Options = NonNullable<VaultAuth['awsIam']>;

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const CREDENTIALS_MS = 15_000;

/** By a signed question to STS who we are, which Vault asks in our place. */
export function awsIam(options: Options, { client }: AuthParts): AuthMethod {
  const { role, region, mount, serverId } = options;
  return {
    borrowed: false,
    stamp: async () => '',
    login: async (signal) => {
      const url = new URL(options.stsEndpoint ?? stsOf(region));
      const headers = signV4({
        url,
        region,
        service: 'sts',
        body: BODY,
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          ...(serverId === undefined ? {} : { 'x-vault-aws-iam-server-id': serverId }),
        },
        keys: await keysOf(options, signal),
        now: Date.now(),
      });
      const body = {
        role,
        iam_http_request_method: 'POST',
        iam_request_url: base64(url.href),
        iam_request_body: base64(BODY),
        iam_request_headers: base64(JSON.stringify(headers)),
      };
      const hint = `role ${role} with the AWS identity of this machine: is it bound to the role, and the clock right?`;
      return loginAt({ client, mount, body, hint, signal });
    },
  };
}

function stsOf(region: string): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://sts.${region}.${suffix}`;
}

async function keysOf(options: Options, signal: AbortSignal): Promise<AwsKeys> {
  const { region, stsEndpoint } = options;
  const late = AbortSignal.any([signal, AbortSignal.timeout(CREDENTIALS_MS)]);
  const aborted = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error('late')), { once: true });
  });
  try {
    const found = await Promise.race([credentialsFor(options, { region, stsEndpoint })(), aborted]);
    const { accessKeyId, secretAccessKey } = found;
    const sessionToken = 'sessionToken' in found ? found.sessionToken : undefined;
    return { accessKeyId, secretAccessKey: SecretBytes.fromUtf8(secretAccessKey), sessionToken };
  } catch (error) {
    signal.throwIfAborted();
    const name = error instanceof Error ? error.name : 'unknown';
    const profile = options.profile === undefined ? '' : ` of the profile ${options.profile}`;
    // The SDK's own error may hold what it read.
    throw new VaultFault(
      'refused',
      `there are no AWS credentials${profile} to log in to Vault with (${name})`,
    );
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
