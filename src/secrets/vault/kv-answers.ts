import { z } from 'zod';
import { VaultFault } from './fault.ts';

const fields = z.record(z.string(), z.unknown());

const versionFacts = z.object({
  created_time: z.string(),
  deletion_time: z.string().default(''),
  destroyed: z.boolean().default(false),
});

/** One version of a KV entry, without what it holds. */
export type VersionFacts = z.infer<typeof versionFacts>;

/** `<mount>/metadata/<path>`. */
export const metadataAnswer = z.object({
  data: z.object({
    current_version: z.int(),
    versions: z.record(z.string(), versionFacts).nullable(),
  }),
});

export type Metadata = z.infer<typeof metadataAnswer>['data'];

/** `<mount>/data/<path>`. */
export const dataAnswer = z.object({
  data: z.object({ data: fields.nullable(), metadata: versionFacts.extend({ version: z.int() }) }),
});

/** `<mount>/<path>` of version 1. */
export const kv1Answer = z.object({ data: fields });

export const mountAnswer = z.object({
  data: z.object({
    type: z.string(),
    options: z.object({ version: z.string().optional() }).nullish(),
  }),
});

/** What does not fit is not quoted: there are secrets in it. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, asked: string): T {
  const { data, success } = schema.safeParse(answer);
  if (success) return data;
  throw new VaultFault('broken', `reading ${asked}: the answer does not look like Vault's`);
}
