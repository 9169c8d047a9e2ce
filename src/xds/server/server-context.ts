import type { Snapshot } from '../snapshot.ts';
import type { NodeInfo, XdsRequest } from '../stream/messages.ts';
import type { StreamEvent, StreamRefusal, XdsStream } from '../stream/stream.ts';
import type { GrpcStatus } from './grpc-status.ts';
import type { XdsMethod } from './methods.ts';
import type { RefusedCall, StreamInfo, StreamObserver, XdsClock, XdsLimits, XdsTiming } from './options.ts';
import type { Peer } from './peer.ts';
import type { ServedStream } from './served-stream.ts';
import type { Slices } from './slices.ts';

/** What the streams of one server share. */
export interface ServerContext {
  readonly clock: XdsClock;
  readonly timing: XdsTiming;
  readonly limits: XdsLimits;
  readonly observer: StreamObserver;
  readonly slices: Slices<ServedStream>;
  identify(node: NodeInfo, peer: Peer): { readonly key: string } | StreamRefusal;
  createStream(method: XdsMethod, onEvent: (event: StreamEvent) => void): XdsStream;
  decode(variant: XdsMethod['variant'], message: Buffer): XdsRequest;
  /** The message behind a gRPC header, made once for all streams. */
  frame(bytes: Uint8Array): Buffer;
  describe(node: NodeInfo, peer: Peer, method: XdsMethod, key: string): StreamInfo;
  present(key: string): Snapshot | undefined;
  watch(key: string, onSnapshot: (snapshot: Snapshot) => void): () => void;
  /** The snapshot without the types withheld from this peer. */
  visible(snapshot: Snapshot, peer: Peer): Snapshot;
  /** Milliseconds that a stream of this peer may last. */
  streamAge(peer: Peer): number;
  forget(stream: ServedStream): void;
  /** The status for something thrown while a stream was served. */
  failure(error: unknown): GrpcStatus;
  /** Something on a live stream was turned away. */
  refused(why: RefusedCall['why'], stream: StreamInfo, message: string): void;
  /** Runs a hook whose failure concerns nobody but its owner. */
  guardHook(run: () => void): void;
}
