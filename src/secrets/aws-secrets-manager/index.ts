import { systemClock } from '../../clock.ts';
import type { RefFault, SecretStoreAdapter } from '../store.ts';
import type { Open } from './connection.ts';
import { type AwsRef, caRef, ticketKeysRef, tlsRef, valueRef } from './refs.ts';
import { type AwsStoreOptions, awsStoreOptions } from './schema.ts';
import { createAwsStore } from './store.ts';

/** Secrets of AWS Secrets Manager, of one account and region. */
export const awsSecretsManagerStore: SecretStoreAdapter<AwsStoreOptions, AwsRef> = {
  kind: 'awsSecretsManager',
  schema: awsStoreOptions,
  refs: { tls: tlsRef, ca: caRef, sessionTicketKeys: ticketKeysRef, value: valueRef },
  refFault,
  create: (options, context) =>
    createAwsStore(options, context, { open, clock: systemClock, random: Math.random }),
};

/** Options that are wrong themselves are reported where they stand. */
function refFault({ id }: AwsRef, options: AwsStoreOptions | undefined): RefFault | undefined {
  const region = id.startsWith('arn:') ? id.split(':')[3] : undefined;
  if (options === undefined || region === undefined || region === options.region) return undefined;
  const message = `is a secret in ${region}, and the store reads ${options.region}: write another store for ${region}`;
  return { path: ['arn'], message };
}

async function open(): Promise<Open> {
  return (await import('./client.ts')).openCalls;
}
