import { type ClientHttp2Session, connect } from 'node:http2';
import { onTestFinished } from 'vitest';
import { loadRegistry } from '../../src/xds/proto/registry.ts';

/** What a client shows of itself; nothing: plaintext. */
export interface ClientTls {
  readonly ca: string;
  readonly chain?: string | undefined;
  readonly privateKey?: string | undefined;
}

/** One call over bare HTTP/2, so that paths and headers can be anything and a hundred thousand messages are cheap. */
export interface GrpcStream {
  send(message: Buffer): void;
  /** Every message that came, unframed. */
  readonly messages: readonly Buffer[];
  /** `grpc-status`, or `connection` where there is no answer. */
  readonly status: Promise<string>;
  end(): void;
}

export interface GrpcConnection {
  stream(path: string): GrpcStream;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
}

const DISCOVERY = 'envoy.service.discovery.v3.';

export function encodeRequest(path: string, message: object): Buffer {
  const delta = path.includes('/Delta');
  const type = delta ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest';
  return Buffer.from(loadRegistry().encode(`${DISCOVERY}${type}`, message));
}

/** A connection that ends with the test. */
export function openConnection(port: number, tls?: ClientTls, host = '127.0.0.1'): GrpcConnection {
  const session =
    tls === undefined
      ? connect(`http://${host}:${port}`)
      : connect(`https://${host}:${port}`, {
          ca: tls.ca,
          ...(tls.chain === undefined ? {} : { cert: tls.chain }),
          ...(tls.privateKey === undefined ? {} : { key: tls.privateKey }),
          servername: 'localhost',
        });
  session.on('error', () => {}); // seen by the streams, as `connection`
  onTestFinished(() => session.destroy());
  const closed = new Promise<void>((resolve) => session.once('close', () => resolve()));
  return { closed, stream: (path) => openStream(session, path) };
}

function openStream(session: ClientHttp2Session, path: string): GrpcStream {
  const messages: Buffer[] = [];
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  if (session.destroyed || session.closed) {
    return { messages, send: () => {}, end: () => {}, status: Promise.resolve('connection') };
  }
  const request = session.request(headers, { endStream: false });
  let status: unknown;
  const note = (answer: Readonly<Record<string, unknown>>): void => {
    status ??= answer['grpc-status'];
  };
  request.on('response', note);
  request.on('trailers', note);
  request.on('error', () => {});
  request.on('end', () => request.end()); // as gRPC clients do
  request.on('data', collect(messages));
  return {
    messages,
    send: (message) => {
      if (!request.destroyed && !request.writableEnded) request.write(framed(message));
    },
    end: () => void request.end(),
    status: new Promise((resolve) => {
      request.once('close', () => resolve(typeof status === 'string' ? status : 'connection'));
    }),
  };
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function collect(messages: Buffer[]): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const length = rest.readUInt32BE(1);
      messages.push(Buffer.from(rest.subarray(5, 5 + length)));
      rest = rest.subarray(5 + length);
    }
  };
}
