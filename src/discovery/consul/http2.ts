import { sleep } from '../../clock.ts';
import { ask, type Connection, limitOf, openConnection, ping, STREAMS } from './http2-connection.ts';
import { type Seat, Seats } from './seats.ts';
import type { TlsFiles } from './tls.ts';
import type { GetOptions, RawAnswer, Transport } from './transport.ts';

/** SRC7. */
const MAX_CONNECTIONS = 8;
/** For questions that are answered at once. */
const RESERVED = 40;
/** A connection that answers no ping is dead, however quiet its questions are meant to be. */
const PING_EVERY_MS = 15_000;

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
      return await ask(connection, path, { headers, signal });
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
      if (connection.open <= limitOf(connection)) return connection;
      connection.open -= 1;
    }
  }

  /** A connection with room, a new one, or in turn one of those there are: the server queues then. */
  async #take(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      signal.throwIfAborted();
      const free = [...this.#connections].find((one) => !one.closing && one.open < limitOf(one));
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
    const connection = openConnection(this.#origin, tls);
    this.#connections.add(connection);
    connection.session.once('close', () => this.#connections.delete(connection));
    if (this.#seats.count === 0) connection.session.destroy();
    return connection;
  }

  #closeAll(): void {
    clearInterval(this.#pings);
    this.#pings = undefined;
    for (const { session } of this.#connections) session.destroy();
    this.#connections.clear();
  }

  #pingAll(): void {
    for (const connection of this.#connections) ping(connection);
  }
}

function taken(connection: Connection): Connection {
  connection.open += 1;
  return connection;
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
