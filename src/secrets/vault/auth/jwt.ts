import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';

interface Options {
  readonly role: string;
  readonly jwtFile: string;
  readonly mount: string;
}

/** By a signed token out of a file, read at each login: the methods jwt and kubernetes are called alike. */
export function jwt({ role, jwtFile, mount }: Options, { client, files }: AuthParts): AuthMethod {
  return {
    borrowed: false,
    stamp: async () => (await files.stamp(jwtFile)) ?? '',
    login: async (signal) => {
      const body = { role, jwt: await files.line(jwtFile) };
      const hint = `role ${role} with the token of ${jwtFile}: expired, or not what the role is bound to?`;
      return loginAt({ client, mount, body, hint, signal });
    },
  };
}
