import { z } from 'zod';
import { SECRET_KINDS } from '../model/config.ts';
import { count, list, time } from './scalars.ts';
import { alarmView, sourceView } from './source-views.ts';

/** What the HTTP API answers, as schemas: validation, OpenAPI and the CLI read the same ones. Times are ISO 8601. */

export const originView = z
  .object({
    object: z.string().describe('Collection and name in the config: `httpRoutes/shop`'),
    file: z.string().optional(),
    line: z.int().optional(),
  })
  .readonly();

export const problemView = z
  .object({
    message: z.string(),
    path: z.string().describe('Path in the config, or the object the problem belongs to'),
    file: z.string().optional(),
    line: z.int().optional(),
    column: z.int().optional(),
    hint: z.string().optional(),
  })
  .readonly();

export const configView = z
  .object({
    path: z.string(),
    revision: count.describe('The config revision that runs; 0 until one was ever accepted'),
    hash: z.string().describe('Content hash of the config that runs; empty until there is one'),
    loadedAt: time.optional().describe('When the running config was accepted'),
    restored: z.boolean().optional().describe('True while the running config is the one kept on disk'),
    problems: list(problemView).describe(
      'Why the newest edit was refused; empty when the files are what runs',
    ),
  })
  .readonly();

export const groupView = z
  .object({
    name: z.string(),
    revision: count.describe('Revision of the committed snapshot; 0: none yet'),
    resources: z.record(z.string(), count).readonly().describe('Number of resources by type word'),
    nodes: count.describe('Nodes connected'),
    inSync: count.describe('Nodes that have acknowledged everything they were sent'),
    problems: list(problemView).describe('Objects left out or kept in their last good form'),
  })
  .readonly();

/** A secret's state and dates, never a byte of it. */
export const secretView = z
  .object({
    name: z.string(),
    kind: z.enum(SECRET_KINDS),
    state: z
      .enum(['ok', 'failing', 'absent', 'restored'])
      .describe('`failing`: the old version is still served'),
    notAfter: time.optional().describe('Earliest end of a certificate in it'),
    error: z.string().optional(),
  })
  .readonly();

export const statusView = z
  .object({
    version: z.string(),
    started: time,
    ready: z.boolean(),
    alarms: list(alarmView).describe('What a person should look at now; empty: nothing'),
    config: configView,
    groups: list(groupView),
    sources: list(sourceView).describe('With up to 200 scopes each, the troubled ones first'),
    secrets: list(secretView),
    state: z
      .object({ path: z.string(), ok: z.boolean(), error: z.string().optional() })
      .readonly()
      .describe('The state directory'),
  })
  .readonly();

const nackView = z
  .object({
    message: z.string().describe('What the node said'),
    at: time,
    version: z.string().optional().describe('The version it refused'),
    objects: list(originView).describe('The objects of the config that the refused resources came from'),
  })
  .readonly();

const nodeTypeView = z
  .object({
    type: z.string().describe('Type URL'),
    acked: z.string().optional().describe('The version it runs; absent: nothing acknowledged yet'),
    pending: z.boolean().describe('A response is out and not answered'),
    nack: nackView.optional().describe('The last refusal, until a newer version is acknowledged'),
  })
  .readonly();

export const nodeView = z
  .object({
    id: z.string(),
    group: z.string(),
    address: z.string().describe('Peer address'),
    variant: z.enum(['delta', 'sotw']),
    envoyVersion: z.string().optional(),
    connectedSince: time,
    inSync: z.boolean(),
    types: list(nodeTypeView),
  })
  .readonly();

export const refusedNodeView = z
  .object({
    id: z.string(),
    address: z.string(),
    reason: z.string().describe('Why, in words: no group, two groups, an id that cannot be'),
    at: time.describe('The last time'),
    count: count.describe('How often since start'),
  })
  .readonly();

export const nodesView = z.object({ nodes: list(nodeView), refused: list(refusedNodeView) }).readonly();

export const resourceView = z
  .object({
    type: z.string().describe('Type URL'),
    name: z.string(),
    version: z.string().describe('Content hash (an HMAC for a secret)'),
    origin: list(originView).optional(),
    resource: z.unknown().describe('Canonical proto JSON; bytes of a secret read `[redacted]`'),
  })
  .readonly();

export const snapshotView = z
  .object({ group: z.string(), revision: count, resources: list(resourceView) })
  .readonly();

export const readinessView = z
  .object({ ready: z.boolean(), reasons: list(z.string()).describe('What is missing, in words') })
  .readonly();

export const configProblemsView = z.object({ problems: list(problemView) }).readonly();

export const errorView = z
  .object({ error: z.object({ code: z.string(), message: z.string() }).readonly() })
  .readonly();

export type StatusView = z.output<typeof statusView>;
export type GroupView = z.output<typeof groupView>;
export type SecretView = z.output<typeof secretView>;
export type NodeView = z.output<typeof nodeView>;
export type RefusedNodeView = z.output<typeof refusedNodeView>;
export type ResourceView = z.output<typeof resourceView>;
export type SnapshotView = z.output<typeof snapshotView>;
export type ReadinessView = z.output<typeof readinessView>;
