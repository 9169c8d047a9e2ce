import { MalformedRequest } from '../wire/decode.ts';
import { createAdmission } from './connection-rate.ts';
import type { XdsCore } from './core.ts';
import { createFrameCache } from './grpc-frame.ts';
import type { GrpcStatus } from './grpc-status.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING, type XdsClock, type XdsServerOptions } from './options.ts';
import type { Peer } from './peer.ts';
import type { ServedStream } from './served-stream.ts';
import type { ServerContext } from './server-context.ts';
import { createSlices } from './slices.ts';

const SYSTEM_CLOCK: XdsClock = { now: () => performance.now(), wall: () => Date.now() };
const AGE_JITTER = 0.2;
/** A slice that is over this long lets other events in: loop delay stays under 5 ms. */
const SLICE_MS = 3;

export interface OwnContext extends ServerContext {
  /** May this peer open one more stream now? */
  admission(peer: Peer): GrpcStatus | undefined;
}

export function createContext(
  options: XdsServerOptions,
  core: XdsCore,
  forget: (stream: ServedStream) => void,
): OwnContext {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let lastId = 0;
  const report = (error: unknown): void => options.onError?.(error);
  return {
    clock,
    timing,
    limits,
    observer: options.observer ?? {},
    slices: createSlices((stream) => stream.wake(), {
      count: limits.sliceStreams,
      milliseconds: SLICE_MS,
      now: () => performance.now(),
    }),
    identify: (node, peer) => options.identify(node, peer),
    ...core,
    frame: createFrameCache(),
    describe(node, peer, method, key) {
      lastId += 1;
      const variant = method.variant === 'sotw' ? 'sotw' : 'delta';
      return { id: lastId, node, peer, variant, typeUrl: method.typeUrl, key, connectedAt: clock.wall() };
    },
    streamAge: (peer) => streamAge(peer, timing.maxStreamAgeMs, clock, options.random ?? Math.random),
    forget,
    refused(why, { peer, node, typeUrl }, message) {
      const refused = { why, address: peer.address, peer, nodeId: node.id, asked: typeUrl, message };
      guarded(() => options.onRefused?.(refused), report);
    },
    failure: (error) => failureStatus(error, report),
    guardHook: (run) => guarded(run, report),
    admission: createAdmission(limits, clock),
  };
}

/** The agreed age give or take a fifth, so that streams opened together do not end together. */
function streamAge(peer: Peer, maxMs: number, clock: XdsClock, random: () => number): number {
  const age = maxMs * (1 + AGE_JITTER * (2 * random() - 1));
  const { certificateNotAfter } = peer;
  return certificateNotAfter === undefined ? age : Math.min(age, certificateNotAfter - clock.wall());
}

/** A message that cannot be read is the client's fault; whatever else a hook threw is ours, without its text. */
function failureStatus(error: unknown, report: (error: unknown) => void): GrpcStatus {
  if (error instanceof MalformedRequest) return { code: 'INVALID_ARGUMENT', message: error.message };
  guarded(
    () => report(error),
    () => {},
  );
  return { code: 'UNAVAILABLE', message: 'The server failed while serving this stream: try again.' };
}

function guarded(run: () => void, report: (error: unknown) => void): void {
  try {
    run();
  } catch (error) {
    report(error);
  }
}
