import type { GrpcStatus } from './grpc-status.ts';

const HEADER_BYTES = 5;

/** The message behind its gRPC header: not compressed, big-endian length. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafeSlow(HEADER_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEADER_BYTES);
  return framed;
}

/**
 * Frames each message once for all streams that send it. Keyed by the shared response bytes, so the frame
 * lives as long as they do.
 */
export function createFrameCache(): (message: Uint8Array) => Buffer {
  const frames = new WeakMap<Uint8Array, Buffer>();
  return (message) => {
    const known = frames.get(message);
    if (known !== undefined) return known;
    const framed = frameMessage(message);
    frames.set(message, framed);
    return framed;
  };
}

export interface MessageReader {
  /** Takes the next bytes and hands over each message that is now complete, or says why the call must end. */
  read(chunk: Buffer): GrpcStatus | undefined;
  /** True when a message has begun and not ended. */
  readonly partial: boolean;
}

/** Cuts the body of a call into messages. A message over the limit is refused by its header alone. */
export function createMessageReader(maxBytes: number, take: (message: Buffer) => void): MessageReader {
  let held: Buffer | undefined;
  // What the message at hand needs in all, so that a slow trickle is not joined again for each byte.
  let pieces: Buffer[] = [];
  let have = 0;
  let need = 0;

  function join(chunk: Buffer): Buffer | undefined {
    if (held === undefined) return chunk;
    pieces.push(chunk);
    have += chunk.length;
    if (have < need) return undefined;
    return Buffer.concat(pieces, have);
  }

  function hold(rest: Buffer, length: number): void {
    held = rest.length === 0 ? undefined : rest;
    pieces = held === undefined ? [] : [held];
    have = rest.length;
    need = length;
  }

  return {
    get partial() {
      return held !== undefined;
    },
    read(chunk) {
      let left = join(chunk);
      if (left === undefined) return undefined;
      while (left.length >= HEADER_BYTES) {
        const length = left.readUInt32BE(1);
        const refusal = refuse(left[0] ?? 0, length, maxBytes);
        if (refusal !== undefined) return refusal;
        if (left.length < HEADER_BYTES + length) {
          hold(left, HEADER_BYTES + length);
          return undefined;
        }
        take(left.subarray(HEADER_BYTES, HEADER_BYTES + length));
        left = left.subarray(HEADER_BYTES + length);
      }
      hold(left, HEADER_BYTES);
      return undefined;
    },
  };
}

function refuse(compressed: number, length: number, maxBytes: number): GrpcStatus | undefined {
  if (compressed !== 0) {
    return {
      code: 'INTERNAL',
      message: 'A compressed message came without a grpc-encoding that this server reads: send identity.',
    };
  }
  if (length <= maxBytes) return undefined;
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `The request has ${length} bytes, more than the ${maxBytes} that this server reads.`,
  };
}
