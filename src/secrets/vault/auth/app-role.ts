import type { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultAuth } from '../auth-schema.ts';
import { loginAt } from './login-call.ts';
import type { AuthMethod, AuthParts } from './method.ts';
import { createUnwrapper } from './wrapped-secret-id.ts';

type Options = NonNullable<VaultAuth['appRole']>;

/** By a role id and a secret id out of files, which are read at each login. */
export function appRole(options: Options, { client, files }: AuthParts): AuthMethod {
  const { roleIdFile, secretIdFile, wrapped, mount } = options;
  const readLine = () => files.line(secretIdFile);
  const unwrap = createUnwrapper({ client, mount, file: secretIdFile }, readLine);
  const secretId = wrapped ? async () => textOf(await unwrap()) : readLine;
  const stamps = () => Promise.all([files.stamp(roleIdFile), files.stamp(secretIdFile)]);
  const hint = `role id of ${roleIdFile}, secret id of ${secretIdFile}: expired, used up or destroyed, or of a role that is gone? Write a new one`;
  return {
    borrowed: false,
    stamp: async () => (await stamps()).join(' '),
    // It may not live until the next login.
    ...(wrapped ? { prepare: async () => void (await unwrap()) } : {}),
    login: async (signal) => {
      const body = { role_id: await files.line(roleIdFile), secret_id: await secretId() };
      return loginAt({ client, mount, body, hint, signal });
    },
  };
}

function textOf(bytes: SecretBytes): string {
  return Buffer.from(bytes.reveal()).toString('utf8');
}
