import type { z } from 'zod';
import { awsSecretsManagerStore } from '../../../src/secrets/aws-secrets-manager/index.ts';
import { awsStoreOptions } from '../../../src/secrets/aws-secrets-manager/schema.ts';
import type { SecretStore, SecretStoreContext } from '../../../src/secrets/store.ts';
import { CREDENTIALS } from './world.ts';

export type StoreInput = Partial<z.input<typeof awsStoreOptions>>;

/** The default chain finds these. */
export function useTestCredentials(): void {
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
}

/** The store as the config makes it. Whoever makes one closes it. */
export function awsAt(
  url: string,
  options: StoreInput = {},
  context: Partial<SecretStoreContext> = {},
): SecretStore {
  const parsed = awsStoreOptions.parse({
    region: 'eu-west-1',
    endpoint: url,
    stsEndpoint: url,
    interval: '5s',
    ...options,
  });
  return awsSecretsManagerStore.create(parsed, { name: 'aws', baseDir: '.', ...context });
}
