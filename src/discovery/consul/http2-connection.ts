import { type ClientHttp2Session, connect } from 'node:http2';
import { failed } from './fault.ts';
import type { TlsFiles } from './tls.ts';
import { type GetOptions, headerOf, type RawAnswer, wholeBody } from './transport.ts';

/** What Go's server takes on one connection unless it says otherwise. */
export const STREAMS = 250;
const PING_WITHIN_MS = 10_000;
/** From the first packet to the server's settings. */
const READY_WITHIN_MS = 5_000;
/** A server that says goodbye is left to finish its answers for so long; questions held back are asked anew. */
const GOODBYE_MS = 5_000;

/** One connection to Consul, and how many questions stand open on it. */
export interface Connection {
  /** The server takes no more questions on it. */
  closing: boolean;
  readonly session: ClientHttp2Session;
  readonly ready: Promise<void>;
  open: number;
}

/** Opens one; `ready` once the server has said how many questions it takes. */
export function openConnection(origin: URL, tls: TlsFiles): Connection {
  const session = connect(origin, { ...tls, rejectUnauthorized: true, ALPNProtocols: ['h2', 'http/1.1'] });
  const ready = new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.once('error', (error) => reject(readable(error)));
    session.once('close', () => reject(failed('the connection to Consul was closed')));
  });
  ready.catch(() => undefined); // Whoever asks over it is told.
  const connection: Connection = { session, ready, open: 0, closing: false };
  endUnlessReady(session);
  session.on('error', () => session.destroy());
  session.once('goaway', () => {
    connection.closing = true;
    setTimeout(() => session.destroy(), GOODBYE_MS).unref();
  });
  return connection;
}

/** Ends a connection that does not answer. */
export function ping({ session }: Connection): void {
  if (session.destroyed || session.connecting) return;
  const late = setTimeout(() => session.destroy(failed('Consul answers no ping')), PING_WITHIN_MS);
  // Called too when the connection ends before.
  session.ping(() => clearTimeout(late));
}

export function limitOf({ session: { remoteSettings } }: Connection): number {
  return Math.min(STREAMS, remoteSettings?.maxConcurrentStreams ?? STREAMS);
}

export function ask(
  { session }: Connection,
  path: string,
  { headers, signal }: GetOptions,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    if (session.destroyed || session.closed) {
      reject(failed('the connection to Consul was closed'));
      return;
    }
    const stream = session.request({ ':path': path, ...headers }, { signal });
    let hasAnswered = false;
    stream.once('response', (answered) => {
      hasAnswered = true;
      const status = Number(answered[':status'] ?? 0);
      wholeBody(stream).then(
        (body) => resolve({ status, header: (name) => headerOf(answered, name), body }),
        reject,
      );
    });
    stream.on('error', (error) => reject(readable(error)));
    // The end of a whole body may be read after this; one that is cut short fails by itself.
    stream.once('close', () => hasAnswered || reject(failed('Consul ended the answer')));
    stream.end();
  });
}

/** A peer that takes the connection and then says nothing must not be waited for again and again. */
function endUnlessReady(session: ClientHttp2Session): void {
  const late = setTimeout(
    () => session.destroy(failed('Consul does not answer on a new connection')),
    READY_WITHIN_MS,
  );
  session.once('remoteSettings', () => clearTimeout(late));
  session.once('close', () => clearTimeout(late));
}

function readable(error: Error): Error {
  if (!('code' in error) || error.code !== 'ERR_HTTP2_ERROR') return error;
  return failed('what answers there does not speak HTTP/2: is a proxy in between?', error);
}
