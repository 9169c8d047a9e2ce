import { z } from 'zod';
import { SECRET_KINDS } from '../model/config.ts';
import { count, list, time } from './scalars.ts';
import { originView } from './views.ts';

/** What the API says of secrets: names, dates and states, never a byte of one. */

const names = list(z.string());

export const secretDetailView = z
  .object({
    name: z.string(),
    kind: z.enum(SECRET_KINDS),
    store: z.string(),
    storeKind: z.string(),
    state: z
      .enum(['ok', 'failing', 'expiring', 'restored', 'absent'])
      .describe(
        '`failing`: the last look failed, the old version is served; `restored`: served from before the start, not read since; `absent`: nothing to serve yet',
      ),
    version: z
      .string()
      .optional()
      .describe("The store's own; absent: what is served was not read where the config says now"),
    notAfter: time.optional().describe('Earliest end of a certificate in it'),
    alarm: z
      .enum(['none', 'warn', 'page', 'expired'])
      .describe('How near its end is: from 80 % of its life, from 90 %, over'),
    lastRead: time.optional().describe('The last look, good or bad'),
    lastSuccess: time.optional(),
    nextRead: time.optional(),
    failures: count.describe('Failed looks in a row; 3 are an alarm'),
    error: z.string().optional(),
    warnings: names,
    groups: names.describe('Groups whose proxies get it'),
    nodes: count.describe('Connected nodes that it is served to'),
  })
  .readonly();

export const secretsView = z.object({ secrets: list(secretDetailView) }).readonly();

export const explainSecretView = z
  .object({
    secret: secretDetailView,
    origin: originView,
    reference: z
      .record(z.string(), z.unknown())
      .readonly()
      .describe('Where it is read in its store, defaults filled in'),
    names: names.describe('DNS names of a certificate'),
    usedBy: list(z.object({ object: z.string(), path: z.string(), origin: originView }).readonly()).describe(
      'Places in the config that name it; empty: it is served to nobody',
    ),
    groups: list(
      z
        .object({
          group: z.string(),
          listeners: names.describe('Those of its listeners that use it'),
          nodes: names.describe('Connected nodes that it is served to'),
          withheld: names.describe('Connected nodes that may not have it: plaintext from beyond loopback'),
        })
        .readonly(),
    ).describe('Who may have it: the nodes of these groups, and nobody else'),
    internal: z.boolean().describe('muster itself uses it, to log in somewhere'),
  })
  .readonly();

export type SecretDetailView = z.output<typeof secretDetailView>;
export type ExplainSecretView = z.output<typeof explainSecretView>;
