import { z } from 'zod';
import { duration } from '../scalars.ts';
import { relabelRules } from './relabel.ts';

const COMMON = {
  relabel: relabelRules
    .optional()
    .describe("Rules over the labels of every instance, in Prometheus' shape, run in order."),
  allowAddresses: z
    .array(z.enum(['loopback', 'linkLocal', 'metadata']))
    .optional()
    .describe(
      'Ranges whose addresses are refused unless listed here. A file source may name loopback and link-local ones anyway.',
    ),
  maxAge: duration
    .optional()
    .describe('Beyond this age what was read last is served DEGRADED, never dropped. Default: no limit.'),
};

/** `{ <kind>: options, relabel: … }`: exactly one kind, and what every source takes. */
export function sourceSchema(kinds: Readonly<Record<string, z.ZodType>>) {
  const optional = Object.fromEntries(
    Object.entries(kinds).map(([kind, schema]) => [kind, z.optional(schema)]),
  );
  const kindOf = (value: object): readonly string[] => Object.keys(value).filter((key) => key in kinds);
  return z
    .strictObject({ ...optional, ...COMMON })
    .refine(
      (value) => kindOf(value).length === 1,
      `expected exactly one key that is the kind of source: ${Object.keys(kinds).join(', ')}`,
    )
    .transform((value) => {
      const [kind = ''] = kindOf(value);
      const { relabel = [], allowAddresses = [], maxAge } = value;
      const options: unknown = Object.getOwnPropertyDescriptor(value, kind)?.value;
      return { kind, options, relabel, allowAddresses, maxAgeMs: maxAge };
    });
}
