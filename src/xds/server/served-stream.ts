import type { Snapshot } from '../snapshot.ts';
import type { XdsRequest } from '../stream/messages.ts';
import type { StreamEvent, StreamRefusal, XdsStream } from '../stream/stream.ts';
import { refuseChangedNode, refuseNames, refuseNode, refuseType } from './admission.ts';
import { AskedNames } from './asked-names.ts';
import { Deadlines } from './deadlines.ts';
import { farewell } from './farewell.ts';
import type { GrpcCall, GrpcCallHandler } from './grpc-call.ts';
import type { GrpcStatus } from './grpc-status.ts';
import type { XdsMethod } from './methods.ts';
import type { StreamInfo, StreamStatus } from './options.ts';
import type { Peer } from './peer.ts';
import type { ServerContext } from './server-context.ts';
import { TypeStatuses } from './type-status.ts';

const OK: GrpcStatus = { code: 'OK', message: '' };

/**
 * One discovery call: joins the transport, the pure stream and the cache, and owns the deadlines between them.
 * Life: waits for its first message, is placed by `identify`, waits for the key's first snapshot, serves.
 */
export class ServedStream implements GrpcCallHandler {
  readonly #context: ServerContext;
  readonly #method: XdsMethod;
  readonly peer: Peer;
  readonly #machine: XdsStream;
  readonly #statuses = new TypeStatuses();
  #call: GrpcCall | undefined;
  #info: StreamInfo | undefined;
  #unwatch: (() => void) | undefined;
  #latest: Snapshot | undefined;
  #served: Snapshot | undefined;
  /** Moved to a key that has no snapshot yet: nothing goes out, as the machine still holds that of the key before. */
  #between = false;
  readonly #asked: AskedNames;
  readonly #deadlines: Deadlines;
  #closed = false;

  constructor(context: ServerContext, method: XdsMethod, peer: Peer, timeoutMs: number) {
    const now = context.clock.now();
    this.#context = context;
    this.#asked = new AskedNames(context.observer);
    this.#method = method;
    this.peer = peer;
    this.#deadlines = new Deadlines(now, { ageMs: context.streamAge(peer), timeoutMs }, context.timing);
    this.#machine = context.createStream(method, (event) => this.#onEvent(event));
  }

  /** The call it serves: known only after the handler it needs. */
  attach(call: GrpcCall): void {
    this.#call = call;
  }

  get info(): StreamInfo | undefined {
    return this.#info;
  }

  status(): StreamStatus | undefined {
    return this.#info === undefined ? undefined : { stream: this.#info, types: this.#statuses.list() };
  }

  onMessage(message: Buffer): void {
    this.#guard(() => {
      const refusal = this.#take(this.#context.decode(this.#method.variant, message));
      if (refusal === undefined) this.#pump();
      else this.end(refusal);
    });
  }

  onHalfClose(): void {
    this.end(OK);
  }

  onDrain(): void {
    this.#guard(() => this.#pump());
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#context.forget(this);
    const info = this.#info;
    if (info !== undefined) this.#context.guardHook(() => this.#context.observer.closed?.(info));
  }

  /** Serves the newest snapshot that came; called in a slice of its own. */
  wake(): void {
    const snapshot = this.#latest;
    if (this.#closed || snapshot === undefined || snapshot === this.#served) return;
    this.#guard(() => {
      this.#served = snapshot;
      this.#between = false;
      this.#deadlines.waitNoMore();
      this.#machine.onSnapshot(this.#context.visible(snapshot, this.peer), this.#context.clock.now());
      this.#pump();
    });
  }

  move(key: string): void {
    if (this.#info === undefined || this.#closed || this.#info.key === key) return;
    this.#info = { ...this.#info, key };
    // What was on its way of the key before must not go out any more.
    this.#latest = undefined;
    this.#between = true;
    this.#watch(key);
  }

  /** Acts on deadlines that have passed; `now` is monotonic. */
  sweep(now: number): void {
    const expiry = this.#deadlines.expired(now, this.#call?.backlogged === true);
    if (expiry === 'stuck') this.#call?.abort();
    else if (expiry !== undefined) this.end(farewell(expiry, this.#info?.key));
    else if ((this.#machine.deadline ?? Number.POSITIVE_INFINITY) <= now) this.#guard(() => this.#pump());
  }

  end(status: GrpcStatus): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#call?.end(status);
    this.#deadlines.ending();
  }

  #take(request: XdsRequest): StreamRefusal | undefined {
    const refusal = this.#info === undefined ? this.#open(request) : this.#refuseChanged(request, this.#info);
    if (refusal !== undefined) return refusal;
    const wrong = refuseType(request, this.#method.typeUrl) ?? refuseNames(request, this.#context.limits);
    if (wrong !== undefined) return wrong;
    const typeUrl = request.typeUrl === '' ? this.#method.typeUrl : request.typeUrl;
    this.#statuses.requested(typeUrl);
    const unfit = this.#machine.onRequest(request, this.#context.clock.now());
    if (unfit === undefined) this.#asked.tell(this.#info, typeUrl, request);
    return unfit;
  }

  #refuseChanged(request: XdsRequest, info: StreamInfo): StreamRefusal | undefined {
    const refusal = refuseChangedNode(request.node, info.node);
    if (refusal !== undefined) this.#context.refused('node', info, refusal.message);
    return refusal;
  }

  #open(request: XdsRequest): StreamRefusal | undefined {
    const { node } = request;
    const refusal = refuseNode(node, this.#context.limits);
    if (node === undefined || refusal !== undefined) return refusal;
    const placed = this.#context.identify(node, this.peer);
    if ('code' in placed) return placed;
    this.#info = this.#context.describe(node, this.peer, this.#method, placed.key);
    this.#context.observer.opened?.(this.#info);
    this.#deadlines.waitFor(this.#context.clock.now() + this.#context.timing.firstSnapshotMs);
    this.#watch(placed.key);
    return undefined;
  }

  #watch(key: string): void {
    this.#unwatch?.();
    this.#unwatch = this.#context.watch(key, (snapshot) => {
      this.#latest = snapshot;
      this.#context.slices.add(this);
    });
    const present = this.#context.present(key);
    if (present === undefined) return;
    this.#latest = present;
    this.wake();
  }

  #pump(): void {
    const call = this.#call;
    if (call === undefined || this.#between) return;
    const now = this.#context.clock.now();
    while (call.writable) {
      const response = this.#machine.next(now);
      if (response === undefined) return;
      this.#statuses.sent(response);
      call.write(this.#context.frame(response.bytes));
    }
  }

  #onEvent(event: StreamEvent): void {
    this.#statuses.answered(event);
    if (this.#info !== undefined) this.#context.observer.event?.(this.#info, event);
  }

  /** What a hook or a malformed message throws ends this stream and no other. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end(this.#context.failure(error));
    }
  }
}
