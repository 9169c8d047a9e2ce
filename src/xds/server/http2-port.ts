import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type HandshakeFailure, handshakeFailure, rememberAddress } from './handshake-failure.ts';
import { tlsContext, type XdsTls } from './tls.ts';

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface Http2Limits {
  readonly maxStreamsPerConnection: number;
  /** A connection without a stream is closed after this long. */
  readonly idleConnectionMs: number;
}

/** One listening socket and the connections it accepted. */
export interface Http2Port {
  readonly address: ListenAddress;
  /** Serves new handshakes with these certificates; live connections keep theirs. */
  reloadTls(tls: XdsTls): void;
  /** The connections that are up. */
  sessions(): Iterable<ServerHttp2Session>;
  /** Closes connections that have had no stream for too long. `now` is that of the server's clock. */
  sweep(now: number): void;
  /** No new connections; those at hand get GOAWAY and end with their last stream. */
  drain(): void;
  /** Breaks what is left and resolves when the port is free. */
  close(): Promise<void>;
}

export interface Http2PortOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: XdsTls | undefined;
  readonly limits: Http2Limits;
  readonly now: () => number;
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  readonly onSession: (session: ServerHttp2Session) => void;
  /** A TLS handshake that did not come about. */
  readonly onHandshakeFailed: (failure: HandshakeFailure) => void;
}

/** A thousand nodes that reconnect at once must not meet a full accept queue: Node's default is 511. */
const BACKLOG = 4096;
const SESSION_MEMORY_MB = 16;

/** Floods end the connection that sends them and no other: resets, settings, pings, headers, memory. */
function serverOptions(limits: Http2Limits): ServerOptions {
  return {
    settings: { maxConcurrentStreams: limits.maxStreamsPerConnection, maxHeaderListSize: 16_384 },
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSettings: 16,
    maxOutstandingPings: 10,
    maxHeaderListPairs: 64,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: 200,
    streamResetRate: 33,
    unknownProtocolTimeout: 1000,
  };
}

function createHttp2(options: Http2PortOptions): Http2Server | Http2SecureServer {
  const net = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (options.tls === undefined) return createServer({ ...serverOptions(options.limits), ...net });
  return createSecureServer({ ...serverOptions(options.limits), ...net, ...tlsContext(options.tls) });
}

/** Opens the port; rejects with the system's error code and with words for a port in use. */
export async function openHttp2Port(options: Http2PortOptions): Promise<Http2Port> {
  const server = createHttp2(options);
  const connections = trackConnections(server, options);
  await listen(server, options);
  const bound = server.address() as AddressInfo; // an IP socket: never a pipe name, and bound by now
  return {
    address: { address: bound.address, port: bound.port },
    reloadTls(tls) {
      if ('setSecureContext' in server) server.setSecureContext(tlsContext(tls));
    },
    sessions: () => connections.values().map(({ session }) => session),
    sweep(now) {
      for (const { session, streams, idleSince } of connections.values()) {
        if (streams === 0 && now - idleSince >= options.limits.idleConnectionMs) session.destroy();
      }
    },
    drain() {
      server.close();
      for (const { session } of connections.values()) session.close();
    },
    close: () => closeServer(server, connections),
  };
}

interface Connection {
  readonly session: ServerHttp2Session;
  streams: number;
  idleSince: number;
}

type Connections = Map<Http2Session, Connection>;

function trackConnections(server: Http2Server | Http2SecureServer, options: Http2PortOptions): Connections {
  const connections: Connections = new Map();
  server.on('session', (session: ServerHttp2Session) => {
    connections.set(session, { session, streams: 0, idleSince: options.now() });
    session.on('close', () => connections.delete(session));
    session.on('error', ignoreBrokenConnection);
    options.onSession(session);
  });
  server.on('sessionError', ignoreBrokenConnection);
  if (options.tls !== undefined) server.on('connection', rememberAddress);
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    options.onHandshakeFailed(handshakeFailure(error, socket));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    countStream(stream, connections, options.now);
    options.onStream(stream, headers);
  });
  server.on('unknownProtocol', (socket: Socket) => socket.destroy());
  return connections;
}

function countStream(stream: ServerHttp2Stream, connections: Connections, now: () => number): void {
  const connection = stream.session === undefined ? undefined : connections.get(stream.session);
  if (connection === undefined) return;
  connection.streams += 1;
  stream.on('close', () => {
    connection.streams -= 1;
    connection.idleSince = now();
  });
}

/** Garbage, HTTP/1 or a lost peer: the connection is gone, and nothing else is touched. */
function ignoreBrokenConnection(): void {}

function listen(server: Http2Server | Http2SecureServer, at: Http2PortOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(explainListenError(error, at));
    server.once('error', failed);
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function explainListenError(error: NodeJS.ErrnoException, at: Http2PortOptions): Error {
  const place = `${at.host}:${at.port}`;
  const words =
    error.code === 'EADDRINUSE'
      ? `The xDS port ${place} is in use by another process: stop it, or listen on another port.`
      : `The xDS server cannot listen on ${place}: ${error.message}`;
  return Object.assign(new Error(words, { cause: error }), { code: error.code });
}

function closeServer(server: Http2Server | Http2SecureServer, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const { session } of connections.values()) session.destroy();
  });
}
