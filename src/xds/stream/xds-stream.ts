import type { Snapshot } from '../snapshot.ts';
import { TYPE_URL } from '../type-urls.ts';
import { DeltaType } from './delta.ts';
import type { XdsRequest } from './messages.ts';
import {
  CLUSTER_WAIT_MS,
  holdsRemovals,
  isEnvoyWildcard,
  isResumed,
  namesUnackedCluster,
  type OrderState,
  rank,
  removalsFrom,
  sendableFrom,
} from './order.ts';
import type { Push, Pushes } from './push.ts';
import { SotwType } from './sotw.ts';
import { NO_NAMES } from './standing.ts';
import type { StreamEvent, StreamRefusal, XdsStream } from './stream.ts';
import type { StreamContext, TypeState } from './type-state.ts';

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
  /**
   * Incremental streams: types of which the client is told what is gone (rule D9). Default: all but
   * extension configs, whose removal makes Envoy answer 5xx. The same for all streams of one `pushes`.
   */
  readonly tellsRemovals?: (typeUrl: string) => boolean;
}

const MOST_TYPES = 64;

export function createXdsStream(options: XdsStreamOptions): XdsStream {
  return new OrderedStream(options);
}

/** One stream over any number of types, in the order of make before break (rules O1-O3). */
class OrderedStream implements XdsStream {
  readonly #options: XdsStreamOptions;
  readonly #context: StreamContext;
  /** In the order of the wire. */
  #types = new Map<string, SotwType | DeltaType>();
  #snapshot: Snapshot | undefined;
  #resumedAt: number | undefined;
  /** Since when each of LDS and RDS waits for clusters. */
  readonly #waiting = new Map<string, number>();
  /** Endpoints of clusters that changed before endpoints were asked for on this stream (rule O6). */
  #dueEndpoints: readonly string[] = NO_NAMES;
  deadline: number | undefined;

  constructor(options: XdsStreamOptions) {
    this.#options = options;
    this.#context = {
      pushes: options.pushes,
      onEvent: options.onEvent ?? (() => undefined),
      legacyWildcard: options.legacyWildcard ?? isEnvoyWildcard,
      tellsRemovals: options.tellsRemovals ?? ((typeUrl) => typeUrl !== TYPE_URL.extensionConfig),
    };
  }

  onRequest(request: XdsRequest, now: number): StreamRefusal | undefined {
    const { typeUrl: own, variant } = this.#options;
    const typeUrl = request.typeUrl === '' ? own : request.typeUrl;
    if (typeUrl === '') return invalid('a request on the aggregated stream must set type_url');
    if (own !== '' && typeUrl !== own) return invalid(`this stream serves ${own} only`);
    if (request.kind !== variant) return invalid(`a ${request.kind} request on a ${variant} stream`);
    const known = this.#types.get(typeUrl);
    if (known === undefined && this.#types.size >= MOST_TYPES) {
      return { code: 'RESOURCE_EXHAUSTED', message: `a stream may ask for ${MOST_TYPES} types at most` };
    }
    const type = known ?? this.#addType(typeUrl);
    if (known === undefined && own === '' && isResumed(request)) this.#resumedAt ??= now;
    if (type instanceof DeltaType && request.kind === 'delta')
      type.onRequest(request, known === undefined, now);
    if (type instanceof SotwType && request.kind === 'sotw')
      type.onRequest(request, known === undefined, now);
    if (typeUrl === TYPE_URL.endpoint) this.#repeatEndpoints(this.#dueEndpoints);
    return undefined;
  }

  onSnapshot(snapshot: Snapshot, _now: number): void {
    this.#snapshot = snapshot;
  }

  next(now: number): Push | undefined {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return undefined;
    for (const type of this.#types.values()) type.standing.catchUp(snapshot.resources(type.typeUrl));
    for (;;) {
      this.deadline = undefined;
      let moved = false;
      for (const type of this.#types.values()) {
        if (!this.#mayAdvance(type, snapshot, now)) continue;
        const push = this.#advance(type, snapshot, now);
        if (push !== undefined) return push;
        moved = true;
      }
      // What came about without a word may be what removals of an earlier type wait for.
      if (!moved) return undefined;
    }
  }

  #mayAdvance(type: TypeState, snapshot: Snapshot, now: number): boolean {
    const target = snapshot.resources(type.typeUrl);
    if (!type.standing.needs(target, true)) {
      this.#waiting.delete(type.typeUrl);
      return false;
    }
    if (!this.#reached(sendableFrom(type), now)) return false;
    if (!type.standing.needs(target, this.#mayRemove(type, snapshot, now))) return false;
    return !this.#waitsForClusters(type, snapshot, now);
  }

  #advance(type: TypeState, snapshot: Snapshot, now: number): Push | undefined {
    const removals = this.#mayRemove(type, snapshot, now);
    const push = type.advance(snapshot.resources(type.typeUrl), removals, now);
    if (push !== undefined && type.typeUrl === TYPE_URL.cluster) this.#repeatEndpoints(push.updated);
    return push;
  }

  #mayRemove(type: TypeState, snapshot: Snapshot, now: number): boolean {
    if (!holdsRemovals(type.typeUrl) || !type.hasRemovals(snapshot.resources(type.typeUrl))) return true;
    return this.#reached(removalsFrom(this.#order(snapshot)), now);
  }

  #waitsForClusters(type: TypeState, snapshot: Snapshot, now: number): boolean {
    if (!namesUnackedCluster(this.#order(snapshot), type)) {
      this.#waiting.delete(type.typeUrl);
      return false;
    }
    const since = this.#waiting.get(type.typeUrl) ?? now;
    this.#waiting.set(type.typeUrl, since);
    if (!this.#reached(since + CLUSTER_WAIT_MS, now)) return true;
    this.#waiting.delete(type.typeUrl);
    return false;
  }

  #order(snapshot: Snapshot): OrderState {
    return { types: this.#types, snapshot, resumedAt: this.#resumedAt };
  }

  /** Notes the next moment at which time alone changes the answer; undefined is never. */
  #reached(at: number | undefined, now: number): boolean {
    if (at === undefined) return false;
    if (now >= at) return true;
    this.deadline = Math.min(this.deadline ?? at, at);
    return false;
  }

  /** A cluster that changed warms until its endpoints come again, though they are the same (rule O6). */
  #repeatEndpoints(names: readonly string[]): void {
    if (names.length === 0) return;
    const endpoints = this.#types.get(TYPE_URL.endpoint);
    this.#dueEndpoints = endpoints === undefined ? [...new Set([...this.#dueEndpoints, ...names])] : NO_NAMES;
    const present = this.#snapshot?.resources(TYPE_URL.endpoint);
    const there = (name: string): boolean => present?.has(name) === true;
    endpoints?.standing.repeat(names.every(there) ? names : names.filter(there));
  }

  #addType(typeUrl: string): SotwType | DeltaType {
    const { variant } = this.#options;
    const type =
      variant === 'sotw' ? new SotwType(typeUrl, this.#context) : new DeltaType(typeUrl, this.#context);
    const place = rank(typeUrl);
    const later = [...this.#types].filter(([other]) => rank(other) > place);
    for (const [other] of later) this.#types.delete(other);
    for (const [name, one] of [[typeUrl, type] as const, ...later]) this.#types.set(name, one);
    return type;
  }
}

function invalid(message: string): StreamRefusal {
  return { code: 'INVALID_ARGUMENT', message };
}
