import { type ClientHttp2Session, connect } from 'node:http2';
import { sleep } from '../../clock.ts';
import { failed } from './answer.ts';
import { type Seat, Seats } from './seats.ts';
import type { TlsFiles } from './tls.ts';
import { type GetOptions, headerOf, type RawAnswer, type Transport, wholeBody } from './transport.ts';

/** SRC7. */
const MAX_CONNECTIONS = 8;
/** What Go's server takes on one connection unless it says otherwise. */
const STREAMS = 250;
/** For questions that are answered at once. */
const RESERVED = 40;
/** A connection that answers no ping is dead, however quiet its questions are meant to be. */
const PING_EVERY_MS = 15_000;
const PING_WITHIN_MS = 10_000;
/** From the first packet to the server's settings. */
const READY_WITHIN_MS = 5_000;
/** A server that says goodbye is left to finish its answers for so long; questions held back are asked anew. */
const GOODBYE_MS = 5_000;

interface Connection {
  /** The server takes no more questions on it. */
  closing: boolean;
  readonly session: ClientHttp2Session;
  readonly ready: Promise<void>;
  open: number;
}

/** HTTPS: open questions share a few connections. */
export function createHttp2(origin: URL, tls: () => Promise<TlsFiles>): Transport {
  const pool = new Pool(origin, tls);
  return { join: () => pool.join(), get: (path, options) => pool.get(path, options) };
}

class Pool {
  readonly #origin: URL;
  readonly #tls: () => Promise<TlsFiles>;
  readonly #connections = new Set<Connection>();
  #opening: Promise<Connection> | undefined;
  #pings: NodeJS.Timeout | undefined;
  readonly #seats = new Seats(MAX_CONNECTIONS * STREAMS - RESERVED, () => this.#closeAll());

  constructor(origin: URL, tls: () => Promise<TlsFiles>) {
    this.#origin = origin;
    this.#tls = tls;
  }

  join(): Seat {
    this.#pings ??= setInterval(() => this.#pingAll(), PING_EVERY_MS);
    return this.#seats.take();
  }

  async get(path: string, { headers, signal }: GetOptions): Promise<RawAnswer> {
    const connection = await this.#ready(signal);
    try {
      return await ask(connection.session, path, { headers, signal });
    } finally {
      connection.open -= 1;
    }
  }

  /** Only the server's settings say how many questions a new connection takes: who is too many goes on. */
  async #ready(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      const connection = await this.#take(signal);
      try {
        await abortable(connection.ready, signal);
      } catch (error) {
        connection.open -= 1;
        throw error;
      }
      if (connection.open <= limitOf(connection.session)) return connection;
      connection.open -= 1;
    }
  }

  /** A connection with room, a new one, or in turn one of those there are: the server queues then. */
  async #take(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      signal.throwIfAborted();
      const free = [...this.#connections].find((one) => !one.closing && one.open < limitOf(one.session));
      if (free !== undefined) return taken(free);
      if (this.#opening !== undefined) await abortable(this.#opening, signal);
      else if (this.#connections.size < MAX_CONNECTIONS) return taken(await this.#open());
      else await sleep(50, signal);
    }
  }

  async #open(): Promise<Connection> {
    this.#opening = this.#connect();
    try {
      return await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #connect(): Promise<Connection> {
    const tls = await this.#tls();
    const session = connect(this.#origin, {
      ...tls,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const ready = new Promise<void>((resolve, reject) => {
      session.once('remoteSettings', () => resolve());
      session.once('error', (error) => reject(readable(error)));
      session.once('close', () => reject(failed('the connection to Consul was closed')));
    });
    ready.catch(() => undefined); // Whoever asks over it is told.
    const connection: Connection = { session, ready, open: 0, closing: false };
    endUnlessReady(session);
    this.#connections.add(connection);
    session.on('error', () => session.destroy());
    session.once('goaway', () => {
      connection.closing = true;
      setTimeout(() => session.destroy(), GOODBYE_MS).unref();
    });
    session.once('close', () => this.#connections.delete(connection));
    if (this.#seats.count === 0) session.destroy();
    return connection;
  }

  #closeAll(): void {
    clearInterval(this.#pings);
    this.#pings = undefined;
    for (const { session } of this.#connections) session.destroy();
    this.#connections.clear();
  }

  #pingAll(): void {
    for (const { session } of this.#connections) {
      if (session.destroyed || session.connecting) continue;
      const late = setTimeout(() => session.destroy(failed('Consul answers no ping')), PING_WITHIN_MS);
      // Called too when the connection ends before.
      session.ping(() => clearTimeout(late));
    }
  }
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

function taken(connection: Connection): Connection {
  connection.open += 1;
  return connection;
}

function limitOf({ remoteSettings }: ClientHttp2Session): number {
  return Math.min(STREAMS, remoteSettings?.maxConcurrentStreams ?? STREAMS);
}

function ask(session: ClientHttp2Session, path: string, { headers, signal }: GetOptions): Promise<RawAnswer> {
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

/** Waits for what it may not end itself. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function readable(error: Error): Error {
  if (!('code' in error) || error.code !== 'ERR_HTTP2_ERROR') return error;
  return failed('what answers there does not speak HTTP/2: is a proxy in between?', error);
}
