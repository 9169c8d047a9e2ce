import type { Logger } from 'pino';
import type { Builder } from '../fleet/build.ts';
import { decideGroup, type GroupRefusal, type GroupRules } from '../fleet/groups.ts';
import type { NodeRegistry } from '../fleet/nodes.ts';
import type { Config } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import type { SnapshotCache } from '../xds/cache.ts';
import type { StreamInfo, StreamObserver } from '../xds/server/options.ts';
import type { Peer } from '../xds/server/peer.ts';
import { createXdsServer, type XdsServer } from '../xds/server/server.ts';
import type { NodeInfo } from '../xds/stream/messages.ts';
import type { StreamEvent, StreamRefusal } from '../xds/stream/stream.ts';
import { TYPE_URL } from '../xds/type-urls.ts';
import type { Audit } from './audit.ts';
import type { DenylistFile } from './denylist-file.ts';
import type { Metrics } from './metrics.ts';
import { isInSync } from './node-views.ts';
import { auditedCall, auditedNode } from './refusals.ts';
import { maySeeSecrets, secretAsks } from './secret-asks.ts';

export interface NodePortParts {
  readonly cache: SnapshotCache;
  readonly builder: Builder;
  readonly nodes: NodeRegistry;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly rules: GroupRules;
  readonly config: () => Config | undefined;
  readonly audit: Audit;
  /** Exact URI SANs that may read the client status. */
  readonly operators: ReadonlySet<string>;
  readonly denylist: Pick<DenylistFile, 'refuse'> | undefined;
}

/** The port for Envoys: who may come in, what they answer, and where live streams are moved. */
export function createNodePort(parts: NodePortParts): XdsServer {
  return createXdsServer({
    cache: parts.cache,
    identify: (node, peer) => identify(parts, node, peer),
    observer: observe(parts),
    admitPeer: (peer) => parts.denylist?.refuse(peer),
    onRefused: (refused) => parts.audit.refused(auditedCall(refused)),
    authorizeStatus: (peer) => isOperator(parts, peer),
    serveType: (typeUrl, peer) => typeUrl !== TYPE_URL.secret || maySeeSecrets(peer),
    onError: (error) => parts.logger.error({ err: error }, 'a stream failed by a fault of ours'),
  });
}

/**
 * After an edit: streams whose node belongs to another group now. A node of no group keeps what it has, unless its
 * very certificate admits it no more: then it may not go on being given secrets.
 */
export function moveStreams(server: XdsServer, config: Config, parts: NodePortParts): void {
  const { rules, logger } = parts;
  for (const { stream } of server.streams()) {
    const decision = decideGroup(config, stream.node, stream.peer, rules);
    if ('refused' in decision) {
      if (decision.reason === 'identity') drop(server, stream, decision, parts);
      continue;
    }
    if (decision.group === stream.key) continue;
    server.move(stream.id, decision.group);
    logger.info(
      { node: stream.node.id, from: stream.key, to: decision.group },
      'node moved to another group',
    );
  }
}

function drop(
  server: XdsServer,
  { id, node, peer }: StreamInfo,
  refusal: GroupRefusal,
  { audit }: NodePortParts,
): void {
  audit.refused(auditedNode(node, peer, refusal));
  server.end(id, { code: 'PERMISSION_DENIED', message: refusal.refused });
}

/** One that is proven, alone in its certificate, and that no group takes for a node. */
function isOperator({ operators, config }: NodePortParts, { encrypted, uriSans }: Peer): boolean {
  const [san, another] = uriSans;
  if (!encrypted || san === undefined || another !== undefined || !operators.has(san)) return false;
  return !(config()?.groups.values() ?? []).some(({ identities }) => identities.includes(san));
}

/** No stream of the group has an answer outstanding or stands by a refusal. */
export function isSettled(server: XdsServer, group: string): boolean {
  return server
    .streams()
    .filter(({ stream }) => stream.key === group)
    .every(isInSync);
}

function identify(parts: NodePortParts, node: NodeInfo, peer: Peer): { key: string } | StreamRefusal {
  const config = parts.config();
  if (config === undefined) return { code: 'UNAVAILABLE', message: 'no config yet: try again' };
  const decision = decideGroup(config, node, peer, parts.rules);
  if ('group' in decision) {
    parts.nodes.admitted(node.id);
    return { key: decision.group };
  }
  parts.metrics.refusedNodes.inc();
  parts.audit.refused(auditedNode(node, peer, decision));
  const news = parts.nodes.turnAway(node.id, peer.address, decision.refused, Date.now());
  if (news)
    parts.logger.info({ node: node.id, address: peer.address, reason: decision.refused }, 'node refused');
  return { code: 'PERMISSION_DENIED', message: decision.refused };
}

function observe(parts: NodePortParts): StreamObserver {
  const { logger, nodes } = parts;
  return {
    ...secretAsks(parts),
    opened: (stream) => logger.info(about(stream), 'node connected'),
    event: (stream, event) => answered(parts, stream, event),
    closed: (stream) => {
      nodes.closed(stream.id);
      logger.info(about(stream), 'node gone');
    },
  };
}

function answered(
  { metrics, nodes, logger, builder }: NodePortParts,
  stream: StreamInfo,
  event: StreamEvent,
): void {
  metrics.answers.inc({ type: typeWord(event.typeUrl), answer: event.kind });
  if (event.kind === 'ack') {
    nodes.ack(stream.id, event.typeUrl);
    return;
  }
  const objects = event.names.flatMap((name) => builder.find(stream.key, event.typeUrl, name)?.origins ?? []);
  const { message, version } = event;
  nodes.nack(stream.id, event.typeUrl, { message, version, at: Date.now(), objects: distinct(objects) });
  const refused = {
    ...about(stream),
    type: typeWord(event.typeUrl),
    names: event.names.slice(0, 20),
    message,
  };
  logger.error({ ...refused, objects: distinct(objects).map(placeOf) }, 'a node refused a configuration');
}

function about(stream: StreamInfo): Record<string, unknown> {
  return { node: stream.node.id, group: stream.key, address: stream.peer.address, stream: stream.id };
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [placeOf(origin), origin])).values()];
}

function placeOf({ object, file, line }: Origin): string {
  return [object, file, line].filter((part) => part !== undefined).join(':');
}

const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPE_URL).map(([word, typeUrl]) => [typeUrl, word]),
);

/** The word that `--type` takes: `cluster`, `route`. */
export function typeWord(typeUrl: string): string {
  return WORDS.get(typeUrl) ?? typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
