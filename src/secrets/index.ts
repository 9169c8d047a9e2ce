import { awsSecretsManagerStore } from './aws-secrets-manager/index.ts';
import { envStore } from './env/index.ts';
import { fileStore } from './file/index.ts';
import type { SecretStoreAdapter } from './store.ts';
import { vaultStore } from './vault/index.ts';

/** Every kind of secret store, by its name in the config. The store named `file` is always there. */
export const SECRET_STORES = {
  env: envStore,
  file: fileStore,
  vault: vaultStore,
  awsSecretsManager: awsSecretsManagerStore,
} as const satisfies Readonly<Record<string, SecretStoreAdapter<unknown, unknown>>>;
