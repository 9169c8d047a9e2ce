import type { Snapshot } from '../snapshot.ts';
import { PUSH_ORDER, TYPE_URL } from '../type-urls.ts';
import type { XdsRequest } from './messages.ts';
import type { TypeState } from './type-state.ts';

/** Routes and listeners wait for the clusters they name, at most this long. */
export const CLUSTER_WAIT_MS = 15_000;
/** Removals wait this long after routes and listeners were ACKed without them. */
export const REMOVAL_GRACE_MS = 5_000;

const HELD_REMOVALS: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.endpoint, TYPE_URL.secret]);
const NAMES_CLUSTERS: readonly string[] = [TYPE_URL.listener, TYPE_URL.route];

const ENVOY_WILDCARDS: ReadonlySet<string> = new Set([
  TYPE_URL.listener,
  TYPE_URL.cluster,
  TYPE_URL.scopedRoute,
]);

type Types = ReadonlyMap<string, TypeState>;

/** Position on the wire; types that are not on the list go last, in the order they were asked for. */
export function rank(typeUrl: string): number {
  const at = PUSH_ORDER.indexOf(typeUrl);
  return at < 0 ? PUSH_ORDER.length : at;
}

/** Whether removals of this type wait for routes and listeners. */
export function holdsRemovals(typeUrl: string): boolean {
  return HELD_REMOVALS.has(typeUrl);
}

/**
 * From when on a type may be sent: one unanswered response per type (rule A8), and undefined till it
 * is answered. Envoy withholds the CDS ACK while clusters warm, so after a while a newer one may supersede.
 */
export function sendableFrom({ typeUrl, answers: { unanswered } }: TypeState): number | undefined {
  if (unanswered === undefined) return Number.NEGATIVE_INFINITY;
  return typeUrl === TYPE_URL.cluster ? unanswered.sentAt + CLUSTER_WAIT_MS : undefined;
}

/** One stream, as far as order is concerned. */
export interface OrderState {
  readonly types: Types;
  readonly snapshot: Snapshot;
  /** When a client came back to an aggregated stream with state of an earlier one. */
  readonly resumedAt: number | undefined;
}

/**
 * From when on removals may go out on a stream: after LDS and RDS of the same or a later snapshot
 * are ACKed here, plus 5 s; at once where none were sent; never (undefined) after a NACK or in
 * silence (design, section 5, point 3). A client that came back may route to anything until its
 * listeners are known here.
 */
export function removalsFrom({ types, snapshot, resumedAt }: OrderState): number | undefined {
  let from = Number.NEGATIVE_INFINITY;
  if (resumedAt !== undefined) {
    from = resumedAt + (types.has(TYPE_URL.listener) ? REMOVAL_GRACE_MS : CLUSTER_WAIT_MS);
  }
  for (const typeUrl of NAMES_CLUSTERS) {
    const type = types.get(typeUrl);
    if (type === undefined) continue;
    if (!isSettled(type, snapshot)) return undefined;
    from = Math.max(from, type.answers.ackedAt + REMOVAL_GRACE_MS);
  }
  return from;
}

function isSettled({ typeUrl, standing, answers }: TypeState, snapshot: Snapshot): boolean {
  if (answers.unanswered !== undefined || answers.isRefusing(standing.covers)) return false;
  return !standing.needs(snapshot.resources(typeUrl), true);
}

/**
 * True when a listener or route configuration that is to be sent names a cluster which the stream
 * subscribes to, which is there, and which the client is not known to have. A client that came back
 * asks for its types in any order (rule B12): its clusters will be asked for yet.
 */
export function namesUnackedCluster({ types, snapshot, resumedAt }: OrderState, type: TypeState): boolean {
  const clusters = types.get(TYPE_URL.cluster);
  if (!NAMES_CLUSTERS.includes(type.typeUrl) || (clusters === undefined && resumedAt === undefined)) {
    return false;
  }
  const present = snapshot.resources(TYPE_URL.cluster);
  if (clusters?.answers.hasAll(present) === true) return false;
  const missing = (name: string): boolean => present.has(name) && !isThere(clusters, name);
  for (const { clusters: named } of type.standing.outgoing(snapshot.resources(type.typeUrl))) {
    if (named?.some(missing) === true) return true;
  }
  return false;
}

/** A cluster that is not subscribed to is nothing to wait for: gRPC clients ask for it after the route. */
function isThere(clusters: TypeState | undefined, name: string): boolean {
  if (clusters === undefined) return false;
  return !clusters.standing.covers(name) || clusters.answers.has(name);
}

/** The client had this type on an earlier stream. */
export function isResumed(request: XdsRequest): boolean {
  return request.kind === 'delta' ? request.initialVersions.size > 0 : request.versionInfo !== '';
}

/** Whether Envoy means everything by an empty first request of this type (rule W4). */
export function isEnvoyWildcard(typeUrl: string): boolean {
  return ENVOY_WILDCARDS.has(typeUrl);
}
