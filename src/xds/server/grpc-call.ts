import { constants, type ServerHttp2Stream } from 'node:http2';
import { MessageReader } from './grpc-frame.ts';
import { encodeGrpcMessage, GRPC_STATUS, type GrpcStatus } from './grpc-status.ts';

/** What happens on a call. `closed` comes exactly once, last, however the call ended. */
export interface GrpcCallHandler {
  onMessage(message: Buffer): void;
  /** The client has no more to send. */
  onHalfClose(): void;
  /** The transport has taken what was written: write again. */
  onDrain(): void;
  onClose(): void;
}

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc+proto' } as const;

function statusHeaders(status: GrpcStatus): Record<string, string> {
  const code = String(GRPC_STATUS[status.code]);
  return status.message === ''
    ? { 'grpc-status': code }
    : { 'grpc-status': code, 'grpc-message': encodeGrpcMessage(status.message) };
}

/** Answers a request that never becomes a call: the status alone, in one HEADERS frame. */
export function refuseCall(stream: ServerHttp2Stream, status: GrpcStatus): void {
  stream.on('error', ignoreTransportError);
  if (stream.destroyed || stream.closed) return;
  stream.respond(
    { ...RESPONSE_HEADERS, 'grpc-accept-encoding': 'identity', ...statusHeaders(status) },
    { endStream: true },
  );
  // What the client may still send is not wanted: RST_STREAM(NO_ERROR), as gRPC servers do.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** A reset or a broken connection is an ordinary end of a stream, seen through its `close` event. */
function ignoreTransportError(): void {}

/**
 * One gRPC call on one HTTP/2 stream. Response headers go out with the first message, so that both leave in
 * one packet and a refusal before it is a trailers-only answer.
 */
export class GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #handler: GrpcCallHandler;
  readonly #reader: MessageReader;
  #ended = false;
  #status: GrpcStatus | undefined;

  constructor(stream: ServerHttp2Stream, maxRequestBytes: number, handler: GrpcCallHandler) {
    this.#stream = stream;
    this.#handler = handler;
    this.#reader = new MessageReader(maxRequestBytes, (message) => {
      if (!this.#ended) handler.onMessage(message);
    });
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('end', () => this.#halfClose());
    stream.on('drain', () => this.#drained());
    stream.on('error', ignoreTransportError);
    stream.on('close', () => {
      this.#ended = true;
      handler.onClose();
    });
  }

  /** True while a write goes to the transport at once; false until `onDrain`, or for ever after the end. */
  get writable(): boolean {
    return !this.#ended && !this.#stream.writableNeedDrain && !this.#stream.destroyed;
  }

  /** True while something written has not left the process. */
  get backlogged(): boolean {
    return this.#stream.writableLength > 0;
  }

  /** Writes one framed message; the buffer may be shared and must not change. */
  write(framed: Buffer): void {
    if (this.#ended || this.#stream.destroyed) return;
    if (!this.#stream.headersSent) this.#respond();
    this.#stream.write(framed);
  }

  /** Ends the call in good order: trailers with the status. The stream closes when the client ends its side. */
  end(status: GrpcStatus): void {
    if (this.#ended || this.#stream.destroyed) return;
    this.#ended = true;
    if (!this.#stream.headersSent) {
      this.#stream.respond({ ...RESPONSE_HEADERS, ...statusHeaders(status) }, { endStream: true });
      this.#stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    this.#status = status;
    this.#stream.end();
  }

  /** Ends the call at once and drops what is still queued: for a client that does not read. */
  abort(): void {
    this.#ended = true;
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#stream.destroy();
  }

  #respond(): void {
    this.#stream.on('wantTrailers', () => {
      this.#stream.sendTrailers(statusHeaders(this.#status ?? { code: 'OK', message: '' }));
    });
    this.#stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    const refusal = this.#reader.read(chunk);
    if (refusal !== undefined) this.end(refusal);
  }

  #halfClose(): void {
    if (this.#ended) return;
    if (this.#reader.partial) {
      this.end({ code: 'INVALID_ARGUMENT', message: 'The request ended in the middle of a message.' });
      return;
    }
    this.#handler.onHalfClose();
  }

  #drained(): void {
    if (!this.#ended) this.#handler.onDrain();
  }
}
