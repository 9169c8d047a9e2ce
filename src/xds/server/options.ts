import type { SnapshotCache } from '../cache.ts';
import type { NodeInfo } from '../stream/messages.ts';
import type { StreamEvent, StreamRefusal } from '../stream/stream.ts';
import type { Peer } from './peer.ts';

/** A stream whose node is known. A value: a move gives a new one with the same `id`. */
export interface StreamInfo {
  /** Unique within this server, in order of arrival. */
  readonly id: number;
  readonly node: NodeInfo;
  readonly peer: Peer;
  readonly variant: 'sotw' | 'delta';
  /** The one type of a per-type stream; empty on ADS. */
  readonly typeUrl: string;
  /** The cache key it is served from. */
  readonly key: string;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
}

/** What one stream last said about one type. */
export interface TypeStatus {
  readonly typeUrl: string;
  /** `STALE`: sent and not answered. The words are those of CSDS (rule C1). */
  readonly status: 'NOT_SENT' | 'STALE' | 'SYNCED' | 'ERROR';
  /** Version of the last ACK; empty before the first. */
  readonly acked: string;
  /** The last NACK, until something newer is ACKed. */
  readonly error?: { readonly version: string; readonly message: string } | undefined;
}

export interface StreamStatus {
  readonly stream: StreamInfo;
  readonly types: readonly TypeStatus[];
}

/** Hears of streams whose node was accepted. Called synchronously: a throw ends that stream, and no other. */
export interface StreamObserver {
  opened?(stream: StreamInfo): void;
  /**
   * Names that a request asks for by name, after it was accepted: on delta each time they are subscribed to or said
   * to be there already, on SotW when they are new on the list. `*` is no name.
   */
  subscribed?(stream: StreamInfo, typeUrl: string, names: readonly string[]): void;
  /** The types that `subscribed` hears of; absent: all. Keeping it short keeps long lists from being looked at. */
  readonly subscribedTypes?: ReadonlySet<string>;
  event?(stream: StreamInfo, event: StreamEvent): void;
  closed?(stream: StreamInfo): void;
}

/** Something the server itself turned away, before any snapshot was looked at. */
export interface RefusedCall {
  /**
   * `handshake`: TLS did not come about; `peer`: `admitPeer`, or `expel` while it was connected; `expired` and
   * `untrusted`: its certificate ended, or its CA was taken away, after the handshake; `method`: no such path;
   * `fetch`: polling; `status`: CSDS; `node`: another node id on the same stream.
   */
  readonly why: 'handshake' | 'peer' | 'expired' | 'untrusted' | 'method' | 'fetch' | 'status' | 'node';
  readonly address: string;
  /** Absent where no connection came about. */
  readonly peer?: Peer | undefined;
  /** The node that the stream had given, if it had. */
  readonly nodeId?: string | undefined;
  /** The path of the call; empty where it did not get that far. */
  readonly asked: string;
  /** Why, in words that may be logged. */
  readonly message: string;
}

/** All in milliseconds. */
export interface XdsTiming {
  /** How long a stream waits for its key's first snapshot before it ends with UNAVAILABLE (rule A10). */
  readonly firstSnapshotMs: number;
  /** How long a stream may stay silent after it was opened. */
  readonly firstMessageMs: number;
  /** A stream ends with OK at this age, give or take 20 %, and never after the certificate of its node. */
  readonly maxStreamAgeMs: number;
  /** How long a client may leave a write waiting before its stream is broken off (rule A11). */
  readonly stuckMs: number;
  /** A connection without any stream is closed after this long. */
  readonly idleConnectionMs: number;
  /** How often deadlines are looked at: one timer for all streams. */
  readonly tickMs: number;
}

export interface XdsLimits {
  /** New streams of the whole server: refill per second, and the most at once. Beyond: RESOURCE_EXHAUSTED. */
  readonly newStreamsPerSecond: number;
  readonly newStreamBurst: number;
  /** The same for one certificate identity (its first URI SAN). */
  readonly newStreamsPerSecondAndIdentity: number;
  readonly requestBytes: number;
  /** Names that one request may subscribe to or mention. */
  readonly namesPerRequest: number;
  readonly nodeIdLength: number;
  readonly streamsPerConnection: number;
  /** Streams served in one slice of the event loop. */
  readonly sliceStreams: number;
}

export interface XdsServerOptions {
  readonly cache: SnapshotCache;
  /** Which key's snapshot a node gets, or why it gets none. Called once a stream, on its first message. */
  identify(node: NodeInfo, peer: Peer): { readonly key: string } | StreamRefusal;
  readonly observer?: StreamObserver;
  /** Why a peer may open no stream of any kind now. Called for each new stream, before anything else is done for it. */
  admitPeer?(peer: Peer): StreamRefusal | undefined;
  /** Hears of all that was refused and that no other hook decided. Must not throw. */
  onRefused?(refused: RefusedCall): void;
  /** False withholds every resource of that type from that peer, as if there were none. Default: all is served. */
  serveType?(typeUrl: string, peer: Peer): boolean;
  /** May this peer read the status of all streams over CSDS? Asked for each request. Default: nobody. */
  authorizeStatus?(peer: Peer): boolean;
  /** What a hook threw; the stream it concerned has ended. */
  onError?(error: unknown): void;
  /** control_plane.identifier of each response (rule A7). */
  readonly identifier?: string;
  readonly timing?: Partial<XdsTiming>;
  readonly limits?: Partial<XdsLimits>;
  readonly clock?: XdsClock;
  /** A number in [0, 1), for the jitter of stream ages. */
  readonly random?: () => number;
}

export interface XdsClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Epoch milliseconds. */
  wall(): number;
}

export const DEFAULT_TIMING: XdsTiming = {
  firstSnapshotMs: 5000,
  firstMessageMs: 5000,
  maxStreamAgeMs: 30 * 60_000,
  stuckMs: 30_000,
  idleConnectionMs: 15_000,
  tickMs: 200,
};

export const DEFAULT_LIMITS: XdsLimits = {
  newStreamsPerSecond: 1000,
  newStreamBurst: 10_000,
  newStreamsPerSecondAndIdentity: 20,
  requestBytes: 1024 * 1024,
  namesPerRequest: 50_000,
  nodeIdLength: 256,
  streamsPerConnection: 100,
  sliceStreams: 128,
};
