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

/** Cuts the body of a call into messages. A message over the limit is refused by its header alone. */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #take: (message: Buffer) => void;
  #held: Buffer[] = NOTHING;
  #have = 0;
  /** What the message at hand needs in all, so that a slow trickle is not joined again for each byte. */
  #need = 0;

  constructor(maxBytes: number, take: (message: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  /** True when a message has begun and not ended. */
  get partial(): boolean {
    return this.#held !== NOTHING;
  }

  /** Takes the next bytes and hands over each message that is now complete, or says why the call must end. */
  read(chunk: Buffer): GrpcStatus | undefined {
    let left = this.#join(chunk);
    if (left === undefined) return undefined;
    while (left.length >= HEADER_BYTES) {
      const length = left.readUInt32BE(1);
      const refusal = refuse(left[0] ?? 0, length, this.#maxBytes);
      if (refusal !== undefined) return refusal;
      const end = HEADER_BYTES + length;
      if (left.length < end) {
        this.#hold(left, end);
        return undefined;
      }
      this.#take(left.subarray(HEADER_BYTES, end));
      if (left.length === end) {
        this.#held = NOTHING;
        return undefined;
      }
      left = left.subarray(end);
    }
    this.#hold(left, HEADER_BYTES);
    return undefined;
  }

  #join(chunk: Buffer): Buffer | undefined {
    if (this.#held === NOTHING) return chunk;
    this.#held.push(chunk);
    this.#have += chunk.length;
    return this.#have < this.#need ? undefined : Buffer.concat(this.#held, this.#have);
  }

  #hold(rest: Buffer, need: number): void {
    this.#held = rest.length === 0 ? NOTHING : [rest];
    this.#have = rest.length;
    this.#need = need;
  }
}

/** Shared by all calls and never added to. */
const NOTHING: Buffer[] = [];

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
