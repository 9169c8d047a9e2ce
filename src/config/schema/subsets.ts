import { z } from 'zod';
import type { Service, Subsets } from '../../model/config.ts';
import { nameHint } from '../nearest.ts';
import { labelValue } from '../scalars.ts';

const KEY = 'expected a key of 1 to 128 characters';
export const metadataKey = z.string().min(1, KEY).max(128, KEY);

/** Metadata that endpoints must have, sorted by key. */
const wantedMetadata = z
  .record(metadataKey, labelValue)
  .refine((value) => Object.keys(value).length > 0, 'expected at least one key')
  .meta({ minProperties: 1 })
  .transform((value) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

export const subsets = z
  .strictObject({
    keys: z
      .array(z.array(metadataKey).min(1))
      .min(1)
      .describe(
        'Keys of `metadata` that divide the endpoints: each entry is one list of keys that routes may ask by.',
      ),
    fallback: z
      .union([
        z.enum(['any', 'none']),
        z.strictObject({
          default: wantedMetadata.describe('Metadata of the endpoints that get them.'),
        }),
      ])
      .default('any')
      .describe(
        'Where requests go whose subset has no endpoint, or that ask for none: any endpoint, none (503), or { default }. Default any.',
      ),
  })
  .transform(
    ({ keys, fallback }): Subsets => ({
      keys: keys.map((list) => [...list].sort()),
      fallback: typeof fallback === 'string' ? fallback : { default: new Map(fallback.default) },
    }),
  );

export const backendSubset = wantedMetadata
  .optional()
  .describe("Only endpoints with this metadata; its keys are one list of the service's `subsets.keys`.");

interface Context {
  addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void;
}

/** Subsets divide by keys that `metadata` gives, each list once. */
export function checkSubsets(
  { metadata, subsets }: Pick<Service, 'metadata' | 'subsets'>,
  context: Context,
): void {
  if (subsets === undefined) return;
  const known = [...(metadata?.keys() ?? [])];
  const report = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path: ['subsets', ...path], message });
  const unknown = (key: string): string => {
    const hint = nameHint(key, known);
    return `${JSON.stringify(key)} is no key of the service's \`metadata\`${hint === undefined ? '' : `; ${hint}`}`;
  };
  const seen = new Set<string>();
  for (const [index, keys] of subsets.keys.entries()) {
    for (const key of keys) if (!known.includes(key)) report(['keys', index], unknown(key));
    const text = JSON.stringify(keys);
    if (new Set(keys).size < keys.length) report(['keys', index], 'a key is listed twice');
    else if (seen.has(text)) report(['keys', index], 'these keys are listed twice');
    seen.add(text);
  }
  if (typeof subsets.fallback === 'string') return;
  for (const key of subsets.fallback.default.keys())
    if (!known.includes(key)) report(['fallback', 'default', key], unknown(key));
}
