import type { VaultAuth } from '../auth-schema.ts';
import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';

export type AwsIamOptions = NonNullable<VaultAuth['awsIam']>;

const SECRET: ReadonlySet<string> = new Set(['authorization', 'x-amz-security-token']);

/** By a signed question to STS who we are, which Vault asks in our place. */
export function awsIam(options: AwsIamOptions, { client }: AuthParts): AuthMethod {
  const { role, mount, serverId } = options;
  const server = serverId === undefined ? '' : `, serverId right`;
  const hint = `role ${role} with our AWS identity: is it bound to the role, the region that of Vault's STS${server}, and the clock right?`;
  return {
    borrowed: false,
    // Where credentials come from is the SDK's to know.
    stamp: async () => '',
    login: async (signal) => {
      // The SDK is large, and of no use to whoever logs in otherwise.
      const { signedIdentity } = await import('./aws-identity.ts');
      const { url, method, headers, body } = await signedIdentity(options, signal);
      const signed = {
        iam_http_request_method: method,
        iam_request_url: base64(url),
        iam_request_body: base64(body),
        iam_request_headers: base64(JSON.stringify(headers)),
      };
      // Vault passes the words of STS on, which quote what was signed when the signature is wrong.
      const hide = Object.entries(headers).flatMap(([name, value]) => (SECRET.has(name) ? [value] : []));
      return loginAt({ client, mount, body: { role, ...signed }, hint, hide, signal });
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
