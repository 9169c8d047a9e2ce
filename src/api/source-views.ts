import { z } from 'zod';
import { count, list, time } from './scalars.ts';

/** Where endpoints come from: what the API answers of sources, their scopes and their instances. */

const scopeView = z
  .object({
    scope: z.string(),
    state: z
      .enum(['ok', 'failing', 'restored', 'held'])
      .describe('`restored`: from disk, not yet read again; `held`: a shrink is being held back'),
    instances: count.describe('Served from it, the held ones included'),
    held: count.describe('Of those, served although the source no longer names them'),
    dropped: count.describe('Seen and not served: dropped by a rule, or refused for their address'),
    ageSeconds: z
      .number()
      .nonnegative()
      .optional()
      .describe('Since the last complete report; absent: there was none'),
    restored: z.boolean().describe('What is served is from before the start, whatever the state'),
    stale: z.boolean().describe('Older than `maxAge` of the source: served DEGRADED'),
    error: z.string().optional().describe('Why the last look failed'),
    failures: count.describe('Failed looks in a row; 3 are an alarm'),
    nextAttempt: time.optional(),
    heldSince: time.optional(),
    heldUntil: time.optional().describe('When the hold ends by itself at the latest'),
  })
  .readonly();

export const sourceView = z
  .object({
    name: z.string(),
    kind: z.string(),
    state: z
      .enum(['unused', 'waiting', 'ok', 'restored', 'held', 'failing'])
      .describe(
        '`unused`: no service selects from it; `waiting`: it has never answered; else the worst of its scopes',
      ),
    services: count.describe('Services that select from it'),
    instances: count,
    held: count,
    dropped: count,
    scopes: list(scopeView).describe('The troubled ones first, then by name'),
    left: count.describe('Scopes that are not shown'),
  })
  .readonly();

export const sourcesView = z.object({ sources: list(sourceView) }).readonly();

/** What a person should look at now. */
export const alarmView = z
  .object({
    kind: z
      .enum(['held', 'failing', 'stale', 'expiring'])
      .describe(
        '`held`: a shrink is held back; `failing`: 3 looks or more have failed in a row; `expiring`: the end of a secret is near',
      ),
    source: z.string().optional(),
    scope: z.string().optional(),
    service: z.string().optional().describe('The service whose endpoints are held'),
    secret: z.string().optional(),
    message: z.string(),
  })
  .readonly();

const localityView = z.object({ region: z.string(), zone: z.string(), subZone: z.string() }).readonly();

const instanceView = z
  .object({
    id: z.string(),
    address: z.string(),
    ports: z.record(z.string(), z.int()).readonly().describe('By name; the unnamed one is the empty name'),
    locality: localityView,
    health: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING']),
    weight: z.int().optional(),
    labels: z.record(z.string(), z.string()).readonly(),
  })
  .readonly();

const seenView = z
  .object({
    source: z.string(),
    scope: z.string(),
    seen: instanceView.describe('As the source reported it'),
    used: instanceView.optional().describe('After relabelling; absent: not served'),
    dropped: z.string().optional().describe('Why it is not served'),
    held: z.boolean().describe('The source no longer names it; the shrink guard serves it on'),
  })
  .readonly();

export const instancesView = z
  .object({
    total: count.describe('How many fit what was asked for'),
    offset: count,
    left: count.describe('How many come after these'),
    instances: list(seenView),
  })
  .readonly();

export const releaseView = z
  .object({
    source: z.string(),
    scope: z.string(),
    released: z.boolean().describe('False: nothing was held there'),
    instances: count.describe('Held instances of the scope that are no longer served'),
    services: list(z.object({ service: z.string(), held: count }).readonly()).describe(
      'Held endpoints of services that are no longer served',
    ),
    message: z.string(),
  })
  .readonly();

export type SourceView = z.output<typeof sourceView>;
export type ScopeView = z.output<typeof scopeView>;
export type AlarmView = z.output<typeof alarmView>;
export type InstanceView = z.output<typeof instanceView>;
export type SeenView = z.output<typeof seenView>;
export type InstancesView = z.output<typeof instancesView>;
export type ReleaseView = z.output<typeof releaseView>;
