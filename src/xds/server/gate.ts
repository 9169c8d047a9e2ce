import type { Http2Session, IncomingHttpHeaders, ServerHttp2Session } from 'node:http2';
import type { StreamRefusal } from '../stream/stream.ts';
import type { OwnContext } from './create-context.ts';
import type { GrpcStatus } from './grpc-status.ts';
import type { HandshakeFailure } from './handshake-failure.ts';
import type { Http2Port } from './http2-port.ts';
import { CSDS_METHODS, XDS_METHODS } from './methods.ts';
import type { RefusedCall, XdsServerOptions } from './options.ts';
import { type Peer, peerOf } from './peer.ts';
import { unimplemented } from './refuse-headers.ts';
import type { ServedStream } from './served-stream.ts';
import { createSlices, type Slices } from './slices.ts';
import type { XdsTls } from './tls.ts';
import { Trust } from './trust.ts';

export interface OpenPort {
  readonly port: Http2Port;
  readonly encrypted: boolean;
}

interface GateParts {
  readonly options: XdsServerOptions;
  readonly context: OwnContext;
  readonly streams: ReadonlySet<ServedStream>;
  readonly ports: readonly OpenPort[];
}

/** How long a client that is turned out may take to end its side; nothing is served to it meanwhile. */
const FAREWELL_MS = 1000;
/** A handshake that began with the old CAs is over by then. */
const HANDSHAKE_MS = 6000;

const UNTRUSTED: GrpcStatus = {
  code: 'PERMISSION_DENIED',
  message: 'The CA of this client certificate is no longer trusted: connect with a certificate of another.',
};
const RECONNECT: GrpcStatus = {
  code: 'UNAVAILABLE',
  message: 'The trusted CAs have changed: connect again.',
};
const EXPIRED: GrpcStatus = {
  code: 'PERMISSION_DENIED',
  message: 'The client certificate has ended: connect again with a new one.',
};

/** Who may be connected and open streams at all: decided per connection, before anything is served. */
export class Gate {
  readonly #parts: GateParts;
  readonly #peers = new WeakMap<Http2Session, Peer>();
  readonly #rechecks: Slices<ServerHttp2Session>;
  #trust: Trust | undefined;
  /** When a CA was last taken away, by the server's clock. */
  #shrankAt = Number.NEGATIVE_INFINITY;

  constructor(parts: GateParts) {
    this.#parts = parts;
    const limits = { count: 50, milliseconds: 3, now: () => performance.now() };
    this.#rechecks = createSlices((session) => this.#recheck(session), limits);
  }

  peerOf(session: Http2Session): Peer {
    const peer = this.#peers.get(session) ?? peerOf(session.socket);
    this.#peers.set(session, peer);
    return peer;
  }

  /** Why a new stream of this connection is refused, whatever it is for. */
  refuse(peer: Peer, headers: IncomingHttpHeaders): GrpcStatus | undefined {
    const expired = this.#isAlive(peer) ? undefined : EXPIRED;
    const status = expired ?? this.#admit(peer);
    if (status !== undefined) {
      this.#tell(expired === undefined ? 'peer' : 'expired', peer, headers[':path'] ?? '', status.message);
    }
    return status;
  }

  mayReadStatus(peer: Peer): boolean {
    return this.#isAlive(peer) && this.#parts.options.authorizeStatus?.(peer) === true;
  }

  /** The answer to a call of a method that is not served, or not to this peer: the same words in both cases. */
  unserved(path: string, peer: Peer): GrpcStatus {
    const method = XDS_METHODS.get(path);
    const status = unimplemented(path, method);
    const why = CSDS_METHODS.has(path) ? 'status' : method === undefined ? 'method' : 'fetch';
    this.#tell(why, peer, path, status.message);
    return status;
  }

  handshakeFailed({ address, message }: HandshakeFailure): void {
    this.#report({ why: 'handshake', address, asked: '', message });
  }

  /** The CAs of a port that opens. */
  trusts(tls: XdsTls | undefined): void {
    if (tls !== undefined) this.#trust = new Trust(tls.clientCa);
  }

  /** A connection whose handshake may have been made with a CA that is gone since: judged before its first stream. */
  arrived(session: ServerHttp2Session): void {
    if (this.#parts.context.clock.now() - this.#shrankAt < HANDSHAKE_MS) this.#recheck(session);
  }

  reloadTls(tls: XdsTls): void {
    const next = new Trust(tls.clientCa, this.#trust);
    const encrypted = this.#parts.ports.filter((one) => one.encrypted);
    for (const { port } of encrypted) port.reloadTls(tls);
    this.#trust = next;
    if (next.onlyGrew) return;
    this.#shrankAt = this.#parts.context.clock.now();
    for (const { port } of encrypted) for (const session of port.sessions()) this.#rechecks.add(session);
  }

  expel(refuse: (peer: Peer) => StreamRefusal | undefined): number {
    let count = 0;
    for (const session of this.#parts.ports.flatMap(({ port }) => [...port.sessions()])) {
      const refusal = session.destroyed || session.closed ? undefined : refuse(this.peerOf(session));
      if (refusal === undefined) continue;
      this.#tell('peer', this.peerOf(session), '', refusal.message);
      this.#turnOut(session, refusal);
      count += 1;
    }
    return count;
  }

  #recheck(session: ServerHttp2Session): void {
    if (session.destroyed || session.closed) return;
    const verdict = this.#trust?.verdict(session.socket);
    if (verdict === 'unknown') this.#turnOut(session, RECONNECT);
    if (verdict !== 'untrusted') return;
    this.#tell('untrusted', this.peerOf(session), '', UNTRUSTED.message);
    this.#turnOut(session, UNTRUSTED);
  }

  #turnOut(session: ServerHttp2Session, status: GrpcStatus): void {
    const peer = this.peerOf(session);
    for (const stream of this.#parts.streams) if (stream.peer === peer) stream.end(status);
    session.close();
    setTimeout(() => session.destroy(), FAREWELL_MS).unref();
  }

  #isAlive({ certificateNotAfter }: Peer): boolean {
    return certificateNotAfter === undefined || certificateNotAfter > this.#parts.context.clock.wall();
  }

  /** A hook that throws lets nobody in. */
  #admit(peer: Peer): GrpcStatus | undefined {
    try {
      return this.#parts.options.admitPeer?.(peer);
    } catch (error) {
      return this.#parts.context.failure(error);
    }
  }

  #tell(why: RefusedCall['why'], peer: Peer, asked: string, message: string): void {
    this.#report({ why, address: peer.address, peer, asked, message });
  }

  #report(refused: RefusedCall): void {
    this.#parts.context.guardHook(() => this.#parts.options.onRefused?.(refused));
  }
}
