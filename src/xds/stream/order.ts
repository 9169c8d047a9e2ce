import type { Snapshot } from '../snapshot.ts';
import { PUSH_ORDER, TYPE_URL } from '../type-urls.ts';
import type { TypeState } from './type-state.ts';

/** Routes and listeners wait for the clusters they name, at most this long. */
export const CLUSTER_WAIT_MS = 15_000;
/** Removals wait this long after routes and listeners were ACKed without them. */
export const REMOVAL_GRACE_MS = 5_000;

const HELD_REMOVALS: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.endpoint, TYPE_URL.secret]);
const NAMES_CLUSTERS: ReadonlySet<string> = new Set([TYPE_URL.listener, TYPE_URL.route]);

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
 * When removals may go out on one stream: after LDS and RDS of the same or a later snapshot are
 * ACKed here, plus 5 s; at once where nothing of them is pending; never after a NACK or in silence
 * (design, section 5, point 3).
 */
export class RemovalGate {
  #pending = false;
  #openAt = Number.NEGATIVE_INFINITY;
  /** A client that came back may route to anything until its listeners are known here. */
  #listenersBy = Number.NEGATIVE_INFINITY;

  /** The client had this type on an earlier stream. */
  resumed(now: number): void {
    if (this.#listenersBy < 0) this.#listenersBy = now + CLUSTER_WAIT_MS;
  }

  isOpen(types: Types, snapshot: Snapshot, now: number): boolean {
    if (!isSettled(types, snapshot)) {
      this.#pending = true;
      return false;
    }
    if (this.#pending) {
      this.#pending = false;
      this.#openAt = now + REMOVAL_GRACE_MS;
    }
    if (!types.has(TYPE_URL.listener)) this.#openAt = Math.max(this.#openAt, this.#listenersBy);
    else if (this.#openAt === this.#listenersBy && this.#listenersBy > 0)
      this.#openAt = now + REMOVAL_GRACE_MS;
    return now >= this.#openAt;
  }

  /** When it opens by time alone; undefined while an ACK is missing. */
  get opensAt(): number | undefined {
    return this.#pending ? undefined : this.#openAt;
  }
}

function isSettled(types: Types, snapshot: Snapshot): boolean {
  for (const typeUrl of NAMES_CLUSTERS) {
    const type = types.get(typeUrl);
    if (type === undefined) continue;
    if (type.unanswered !== undefined || type.refused || type.hasNews(snapshot.resources(typeUrl)))
      return false;
  }
  return true;
}

/**
 * True when a listener or route configuration that is to be sent names a cluster which the stream
 * subscribes to, which is there, and which it has not ACKed yet.
 */
export function namesUnackedCluster(types: Types, type: TypeState, snapshot: Snapshot): boolean {
  const clusters = types.get(TYPE_URL.cluster);
  if (clusters === undefined || !NAMES_CLUSTERS.has(type.typeUrl)) return false;
  const present = snapshot.resources(TYPE_URL.cluster);
  if (clusters.acked === present && clusters.base === present && !clusters.first) return false;
  const target = snapshot.resources(type.typeUrl);
  const due = type.first ? target.values() : target.changesSince(type.base).changed;
  for (const { name, clusters: named = [] } of due) {
    if (!type.subscription.covers(name)) continue;
    const missing = named.some(
      (cluster) =>
        clusters.subscription.covers(cluster) &&
        present.has(cluster) &&
        !(clusters.base.has(cluster) && clusters.acked?.has(cluster) === true),
    );
    if (missing) return true;
  }
  return false;
}
