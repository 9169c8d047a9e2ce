import type { VaultOptions } from '../schema.ts';
import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';

interface Options {
  readonly name?: string | undefined;
  readonly mount: string;
}

/** By the client certificate of the connection. */
export function certificate(
  { name, mount }: Options,
  tls: VaultOptions['tls'],
  { client, files }: AuthParts,
): AuthMethod {
  const named = [tls?.certificate, tls?.privateKey].filter((file) => file !== undefined);
  return {
    borrowed: false,
    stamp: async () => (await Promise.all(named.map((file) => files.stamp(file)))).join(' '),
    login: async (signal) => {
      const hint = `with the certificate of ${tls?.certificate}: expired, or not of a CA that the role trusts?`;
      return loginAt({ client, mount, body: name === undefined ? {} : { name }, hint, signal });
    },
  };
}
