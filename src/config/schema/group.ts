import { z } from 'zod';
import type { GroupMatch } from '../../model/config.ts';
import { labelValue, name } from '../scalars.ts';

const text = z.string().min(1);

const match = z
  .strictObject({
    id: text.optional().describe("The node's id."),
    cluster: text.optional().describe("The node's cluster."),
    locality: z
      .strictObject({
        region: text.optional().describe('Region.'),
        zone: text.optional().describe('Zone.'),
        subZone: text.optional().describe('Part of the zone.'),
      })
      .optional()
      .describe("The node's locality."),
    metadata: z
      .record(z.string(), labelValue)
      .default({})
      .describe("Dotted path in the node's metadata to the text it must equal."),
  })
  .transform((value): GroupMatch => ({ ...value, metadata: new Map(Object.entries(value.metadata)) }));

export const groupSchema = z.strictObject({
  match: match
    .optional()
    .describe('What a node must say of itself; all must hold. Default { cluster: <name of the group> }.'),
  listeners: z.array(name).describe('Names in `listeners` that these proxies get.'),
  identities: z
    .array(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9+.-]*:\/\/[^\s/]+\/\S+$/,
          'expected a URI such as "spiffe://example.org/edge/n1"',
        ),
    )
    .default([])
    .describe('Exact URI SANs that may join.'),
  allowEmpty: z.boolean().default(false).describe('Allow going from some listeners to none. Default false.'),
});
