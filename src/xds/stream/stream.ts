import type { Snapshot } from '../snapshot.ts';
import type { XdsRequest, XdsResponse } from './messages.ts';

/** What a stream tells its observer; feeds the node registry, logs and metrics. */
export type StreamEvent =
  | { readonly kind: 'ack'; readonly typeUrl: string; readonly nonce: string; readonly version: string }
  | {
      readonly kind: 'nack';
      readonly typeUrl: string;
      readonly nonce: string;
      readonly version: string;
      readonly message: string;
      /** Names in the refused response; the refused ones among them as far as the message names them. */
      readonly names: readonly string[];
      readonly removed: readonly string[];
    };

/** A request that ends the stream: gRPC status and words. */
export interface StreamRefusal {
  readonly code: 'INVALID_ARGUMENT' | 'UNAVAILABLE' | 'PERMISSION_DENIED' | 'RESOURCE_EXHAUSTED';
  readonly message: string;
}

/**
 * One xDS stream (ADS or one type) as a pure state machine: no socket, clock or timer inside.
 * `now` is milliseconds of any monotonic clock. After each call the owner pulls `next(now)` until it
 * gives undefined or its transport is full: what is not pulled costs no memory (rule A8, A11).
 */
export interface XdsStream {
  onRequest(request: XdsRequest, now: number): StreamRefusal | undefined;
  /** The state to serve from now on: first snapshot, a newer one, or that of another key after a move. */
  onSnapshot(snapshot: Snapshot, now: number): void;
  next(now: number): XdsResponse | undefined;
  /** When `next` may have something to give with no other event, or undefined. */
  readonly deadline: number | undefined;
}
