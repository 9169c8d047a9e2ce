import type { z } from 'zod';
import { awsAccess, awsKeysRef, profileOrKeys, region, secureEndpoint } from '../../aws/schema.ts';
import { durationMs } from '../../duration.ts';

/** `secretStores.*.awsSecretsManager`. */
export const awsStoreOptions = awsAccess
  .extend({
    region: region.describe(
      'The region of the secrets, like eu-west-1; for another region write another store',
    ),
    keys: awsKeysRef.optional(),
    endpoint: secureEndpoint
      .optional()
      .describe('Another endpoint for Secrets Manager, such as a VPC endpoint'),
    stsEndpoint: secureEndpoint.optional().describe('Another endpoint for STS'),
    interval: durationMs
      .refine((ms) => ms >= 5000 && ms <= 3_600_000, '5s to 1h')
      .prefault('60s')
      .describe('From one look for new versions to the next; default 60s, at least 5s'),
  })
  .refine(...profileOrKeys);

export type AwsStoreOptions = z.infer<typeof awsStoreOptions>;
