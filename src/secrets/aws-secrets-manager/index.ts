import { systemClock } from '../../clock.ts';
import type { SecretStoreAdapter } from '../store.ts';
import type { Open } from './connection.ts';
import { type AwsRef, caRef, ticketKeysRef, tlsRef, valueRef } from './refs.ts';
import { type AwsStoreOptions, awsStoreOptions } from './schema.ts';
import { createAwsStore } from './store.ts';

/** Secrets of AWS Secrets Manager, of one account and region. */
export const awsSecretsManagerStore: SecretStoreAdapter<AwsStoreOptions, AwsRef> = {
  kind: 'awsSecretsManager',
  schema: awsStoreOptions,
  refs: { tls: tlsRef, ca: caRef, sessionTicketKeys: ticketKeysRef, value: valueRef },
  create: (options, context) =>
    createAwsStore(options, context, { open, clock: systemClock, random: Math.random }),
};

async function open(): Promise<Open> {
  return (await import('./client.ts')).openCalls;
}
