import type { VaultAuth } from '../auth-schema.ts';
import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';
import { createUnwrapper } from './wrapped-secret-id.ts';

type Options = NonNullable<VaultAuth['appRole']>;

/** By a role id and a secret id out of files, which are read at each login. */
export function appRole(options: Options, { client, files }: AuthParts): AuthMethod {
  const { roleIdFile, secretIdFile, wrapped, mount } = options;
  const unwrap = createUnwrapper({ client, mount, file: secretIdFile });
  const stamps = () => Promise.all([files.stamp(roleIdFile), files.stamp(secretIdFile)]);
  return {
    borrowed: false,
    stamp: async () => (await stamps()).join(' '),
    login: async (signal) => {
      const role_id = await files.line(roleIdFile);
      const secret_id = wrapped
        ? await unwrap(() => files.line(secretIdFile), signal)
        : await files.line(secretIdFile);
      const hint = `role id of ${roleIdFile}, secret id of ${secretIdFile}: expired, used up, or of a role that is gone?`;
      return loginAt({ client, mount, body: { role_id, secret_id }, hint, signal });
    },
  };
}
