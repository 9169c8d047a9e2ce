import { z } from 'zod';
import { count, list, time } from './scalars.ts';
import { originView } from './views.ts';

/** Where the endpoints of a service come from, and why: the API's answer to `explain`. */

const chosenView = z
  .object({
    from: count
      .optional()
      .describe('Which entry of `from` chose it, from 0; absent: it is written in the config'),
    source: z.string().optional(),
    scope: z.string().optional(),
    id: z.string(),
    address: z.string(),
    port: z.int(),
    priority: count,
    locality: z.object({ region: z.string(), zone: z.string(), subZone: z.string() }).readonly(),
    health: z.string(),
    weight: z.int().optional(),
    metadata: z
      .record(z.string(), z.string())
      .readonly()
      .optional()
      .describe('What the service chose of the labels'),
    held: z.boolean().describe('The source no longer names it; the shrink guard serves it on'),
    stale: z.boolean().describe('Its scope is older than `maxAge`: served DEGRADED'),
  })
  .readonly();

const reasonView = z
  .object({
    reason: z.string(),
    count,
    examples: list(z.string()).describe('Some of them: the id, and what the label is'),
  })
  .readonly();

const fromView = z
  .object({
    index: count,
    source: z.string(),
    state: z.string().describe('Of the source, as /v1/sources says it'),
    selection: z.record(z.string(), z.unknown()).describe('The entry with its defaults filled in'),
    chosen: count,
    notChosen: list(reasonView).describe(
      'Why the others of this source were not chosen, the most frequent first',
    ),
    reasonsLeft: count.describe('Reasons that are not shown'),
  })
  .readonly();

export const explainView = z
  .object({
    service: z.string(),
    origin: originView,
    known: z.boolean().describe('False: a source of it was never read, so what it serves is not known'),
    settings: z.record(z.string(), z.unknown()).describe('In force, defaults filled in'),
    endpoints: count.describe('What Envoy is given now, those written in the config included'),
    inline: count.describe('Endpoints written in the config'),
    from: list(fromView),
    chosen: list(chosenView),
    left: count.describe('Chosen and not shown'),
    held: z
      .object({
        endpoints: count,
        since: time,
        until: time,
        source: z.string(),
        scope: z.string(),
        examples: list(z.string()).describe('Some of them: address and port'),
      })
      .readonly()
      .optional()
      .describe('Endpoints served on although no source gives them any more, and whose report dropped them'),
  })
  .readonly();

export type ExplainView = z.output<typeof explainView>;
export type ChosenView = z.output<typeof chosenView>;
export type FromView = z.output<typeof fromView>;
