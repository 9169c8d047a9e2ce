import { z } from 'zod';
import { awsAccess, region, secureEndpoint } from '../../aws/schema.ts';
import { durationMs } from '../../duration.ts';

const text = z.string().min(1, 'must not be empty').max(512);

/** `secretStores.*.awsSecretsManager`. */
export const awsStoreOptions = awsAccess
  .extend({
    region: region.describe(
      'The region of the secrets, like eu-west-1; for another region write another store',
    ),
    keys: z
      .strictObject({ secret: text.describe('A secret of kind value, out of another store') })
      .optional()
      .describe('Access keys as JSON: accessKeyId, secretAccessKey and, if any, sessionToken'),
    endpoint: secureEndpoint
      .optional()
      .describe('Another endpoint for Secrets Manager, such as a VPC endpoint'),
    stsEndpoint: secureEndpoint.optional().describe('Another endpoint for STS'),
    interval: durationMs
      .refine((ms) => ms >= 5000 && ms <= 3_600_000, '5s to 1h')
      .prefault('60s')
      .describe('From one look for new versions to the next; default 60s, at least 5s'),
  })
  .refine(
    ({ profile, keys }) => profile === undefined || keys === undefined,
    'write profile or keys, not both',
  );

export type AwsStoreOptions = z.infer<typeof awsStoreOptions>;
