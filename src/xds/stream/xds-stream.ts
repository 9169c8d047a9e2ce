import type { Snapshot } from '../snapshot.ts';
import { TYPE_URL } from '../type-urls.ts';
import { DeltaType } from './delta.ts';
import type { XdsRequest } from './messages.ts';
import { CLUSTER_WAIT_MS, holdsRemovals, namesUnackedCluster, RemovalGate, rank } from './order.ts';
import type { Push, Pushes } from './push.ts';
import { SotwType } from './sotw.ts';
import type { StreamEvent, StreamRefusal, XdsStream } from './stream.ts';
import { NO_NAMES, type StreamContext, type TypeState } from './type-state.ts';

export interface XdsStreamOptions {
  readonly variant: 'sotw' | 'delta';
  /** The one type of a per-type stream; empty on ADS. */
  readonly typeUrl: string;
  /** Shared by all streams that may share bytes. */
  readonly pushes: Pushes;
  readonly onEvent?: (event: StreamEvent) => void;
  /**
   * Types whose empty first request means everything. Default: what Envoy uses it for; gRPC
   * clients never mean it, so a server for them alone answers false.
   */
  readonly legacyWildcard?: (typeUrl: string) => boolean;
}

const ENVOY_WILDCARDS: ReadonlySet<string> = new Set([
  TYPE_URL.listener,
  TYPE_URL.cluster,
  TYPE_URL.scopedRoute,
]);
const MOST_TYPES = 64;

export function createXdsStream(options: XdsStreamOptions): XdsStream {
  return new OrderedStream(options);
}

/** One stream over any number of types, in the order of make before break (rules O1-O3). */
class OrderedStream implements XdsStream {
  readonly #options: XdsStreamOptions;
  readonly #context: StreamContext;
  /** In the order of the wire. */
  #types: ReadonlyMap<string, SotwType | DeltaType> = new Map();
  readonly #removals = new RemovalGate();
  #snapshot: Snapshot | undefined;
  /** Since when each of LDS and RDS waits for clusters. */
  readonly #waiting = new Map<string, number>();
  /** Clusters that changed before their endpoints were asked for on this stream (rule O6). */
  #updatedClusters: readonly string[] = NO_NAMES;
  deadline: number | undefined;

  constructor(options: XdsStreamOptions) {
    this.#options = options;
    this.#context = {
      pushes: options.pushes,
      onEvent: options.onEvent ?? (() => undefined),
      legacyWildcard: options.legacyWildcard ?? ((typeUrl) => ENVOY_WILDCARDS.has(typeUrl)),
    };
  }

  onRequest(request: XdsRequest, now: number): StreamRefusal | undefined {
    const typeUrl = request.typeUrl === '' ? this.#options.typeUrl : request.typeUrl;
    if (typeUrl === '') return invalid('a request on the aggregated stream must set type_url');
    const known = this.#types.get(typeUrl);
    if (known === undefined && this.#types.size >= MOST_TYPES) {
      return { code: 'RESOURCE_EXHAUSTED', message: `a stream may ask for ${MOST_TYPES} types at most` };
    }
    const type = known ?? this.#addType(typeUrl);
    if (known === undefined && this.#options.typeUrl === '' && isResumed(request))
      this.#removals.resumed(now);
    if (type instanceof DeltaType && request.kind === 'delta') type.onRequest(request, known === undefined);
    else if (type instanceof SotwType && request.kind === 'sotw') {
      type.onRequest(request, known === undefined, this.#snapshot?.resources(typeUrl));
    } else return invalid(`a ${request.kind} request on a ${this.#options.variant} stream`);
    if (known === undefined && typeUrl === TYPE_URL.endpoint)
      this.#repeatEndpoints(type, this.#updatedClusters);
    return undefined;
  }

  onSnapshot(snapshot: Snapshot, _now: number): void {
    this.#snapshot = snapshot;
  }

  next(now: number): Push | undefined {
    this.deadline = undefined;
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return undefined;
    for (const type of this.#types.values()) {
      const push = this.#advance(type, snapshot, now);
      if (push !== undefined) return push;
    }
    return undefined;
  }

  #advance(type: SotwType | DeltaType, snapshot: Snapshot, now: number): Push | undefined {
    const target = snapshot.resources(type.typeUrl);
    if (!type.needs(target, true)) return undefined;
    if (!this.#maySend(type, now)) return undefined;
    const removals = this.#mayRemove(type, snapshot, now);
    if (!type.needs(target, removals)) return undefined;
    if (this.#waitsForClusters(type, snapshot, now)) return undefined;
    const push = type.advance(target, removals, now);
    if (push !== undefined && type.typeUrl === TYPE_URL.cluster) this.#clustersSent(push);
    return push;
  }

  /**
   * One unanswered response per type (rule A8). Envoy withholds the CDS ACK while clusters warm, so
   * after a while a newer CDS may supersede one that is not answered.
   */
  #maySend(type: TypeState, now: number): boolean {
    const { unanswered } = type;
    if (unanswered === undefined) return true;
    if (type.typeUrl !== TYPE_URL.cluster) return false;
    return this.#reached(unanswered.sentAt + CLUSTER_WAIT_MS, now);
  }

  #mayRemove(type: TypeState, snapshot: Snapshot, now: number): boolean {
    if (!holdsRemovals(type.typeUrl) || !type.hasRemovals(snapshot.resources(type.typeUrl))) return true;
    if (this.#removals.isOpen(this.#types, snapshot, now)) return true;
    const { opensAt } = this.#removals;
    if (opensAt !== undefined) this.#reached(opensAt, now);
    return false;
  }

  #waitsForClusters(type: TypeState, snapshot: Snapshot, now: number): boolean {
    if (!namesUnackedCluster(this.#types, type, snapshot)) {
      this.#waiting.delete(type.typeUrl);
      return false;
    }
    const since = this.#waiting.get(type.typeUrl) ?? now;
    this.#waiting.set(type.typeUrl, since);
    if (!this.#reached(since + CLUSTER_WAIT_MS, now)) return true;
    this.#waiting.delete(type.typeUrl);
    return false;
  }

  /** Notes the next moment at which time alone changes the answer. */
  #reached(at: number, now: number): boolean {
    if (now >= at) return true;
    this.deadline = Math.min(this.deadline ?? at, at);
    return false;
  }

  #clustersSent({ updated }: Push): void {
    if (updated.length === 0) return;
    const endpoints = this.#types.get(TYPE_URL.endpoint);
    if (endpoints === undefined) this.#updatedClusters = [...new Set([...this.#updatedClusters, ...updated])];
    else this.#repeatEndpoints(endpoints, updated);
  }

  /** A cluster that changed warms until its endpoints come again, though they are the same (rule O6). */
  #repeatEndpoints(endpoints: TypeState, clusters: readonly string[]): void {
    const present = this.#snapshot?.resources(TYPE_URL.endpoint);
    const there = clusters.every((name) => present?.has(name) === true);
    endpoints.repeat(there ? clusters : clusters.filter((name) => present?.has(name) === true));
    this.#updatedClusters = NO_NAMES;
  }

  #addType(typeUrl: string): SotwType | DeltaType {
    const type =
      this.#options.variant === 'sotw'
        ? new SotwType(typeUrl, this.#context)
        : new DeltaType(typeUrl, this.#context);
    const types = [...this.#types.values(), type].toSorted((a, b) => rank(a.typeUrl) - rank(b.typeUrl));
    this.#types = new Map(types.map((one) => [one.typeUrl, one]));
    return type;
  }
}

/** The client had this type on an earlier stream. */
function isResumed(request: XdsRequest): boolean {
  return request.kind === 'delta' ? request.initialVersions.size > 0 : request.versionInfo !== '';
}

function invalid(message: string): StreamRefusal {
  return { code: 'INVALID_ARGUMENT', message };
}
