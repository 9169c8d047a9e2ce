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
import { createSlices } from './slices.ts';
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
export function createGate({ options, context, streams, ports }: GateParts) {
  const peers = new WeakMap<Http2Session, Peer>();
  const { clock } = context;
  let trust: Trust | undefined;
  let reloadedAt = Number.NEGATIVE_INFINITY;
  const rechecks = createSlices<ServerHttp2Session>(recheck, {
    count: 50,
    milliseconds: 3,
    now: () => performance.now(),
  });

  function peerIn(session: Http2Session): Peer {
    const peer = peers.get(session) ?? peerOf(session.socket);
    peers.set(session, peer);
    return peer;
  }

  function tell(why: RefusedCall['why'], peer: Peer, asked: string, message: string): void {
    report({ why, address: peer.address, peer, asked, message });
  }

  function report(refused: RefusedCall): void {
    context.guardHook(() => options.onRefused?.(refused));
  }

  /** A hook that throws lets nobody in. */
  function admit(peer: Peer): StreamRefusal | GrpcStatus | undefined {
    try {
      return options.admitPeer?.(peer);
    } catch (error) {
      return context.failure(error);
    }
  }

  function turnOut(session: ServerHttp2Session, status: GrpcStatus): void {
    const peer = peerIn(session);
    for (const stream of streams) if (stream.peer === peer) stream.end(status);
    session.close();
    setTimeout(() => session.destroy(), FAREWELL_MS).unref();
  }

  function recheck(session: ServerHttp2Session): void {
    if (session.destroyed || session.closed) return;
    const verdict = trust?.verdict(session.socket);
    if (verdict === 'unknown') turnOut(session, RECONNECT);
    if (verdict !== 'untrusted') return;
    tell('untrusted', peerIn(session), '', UNTRUSTED.message);
    turnOut(session, UNTRUSTED);
  }

  function decide(peer: Peer): readonly [RefusedCall['why'], GrpcStatus] | undefined {
    if ((peer.certificateNotAfter ?? Number.POSITIVE_INFINITY) <= clock.wall()) return ['expired', EXPIRED];
    const refusal = admit(peer);
    return refusal === undefined ? undefined : ['peer', refusal];
  }

  return {
    peerOf: peerIn,
    /** Why a new stream of this connection is refused, whatever it is for. */
    refuse(peer: Peer, headers: IncomingHttpHeaders): GrpcStatus | undefined {
      const [why, status] = decide(peer) ?? [];
      if (why === undefined || status === undefined) return undefined;
      tell(why, peer, headers[':path'] ?? '', status.message);
      return status;
    },
    mayReadStatus(peer: Peer): boolean {
      const alive = (peer.certificateNotAfter ?? Number.POSITIVE_INFINITY) > clock.wall();
      return alive && options.authorizeStatus?.(peer) === true;
    },
    /** The answer to a call of a method that is not served, or not to this peer: the same words in both cases. */
    unserved(path: string, peer: Peer): GrpcStatus {
      const method = XDS_METHODS.get(path);
      const status = unimplemented(path, method);
      const why = CSDS_METHODS.has(path) ? 'status' : method === undefined ? 'method' : 'fetch';
      tell(why, peer, path, status.message);
      return status;
    },
    handshakeFailed({ address, message }: HandshakeFailure): void {
      report({ why: 'handshake', address, asked: '', message });
    },
    /** The CAs of a port that opens. */
    trusts(tls: XdsTls | undefined): void {
      if (tls !== undefined) trust = new Trust(tls.clientCa);
    },
    /** A connection whose handshake may have been made with the CAs of before. */
    arrived(session: ServerHttp2Session): void {
      if (clock.now() - reloadedAt < HANDSHAKE_MS && trust?.onlyGrew === false) rechecks.add(session);
    },
    reloadTls(tls: XdsTls): void {
      const next = new Trust(tls.clientCa, trust);
      const encrypted = ports.filter((one) => one.encrypted);
      for (const { port } of encrypted) port.reloadTls(tls);
      trust = next;
      reloadedAt = clock.now();
      if (next.onlyGrew) return;
      for (const { port } of encrypted) for (const session of port.sessions()) rechecks.add(session);
    },
    expel(refuse: (peer: Peer) => StreamRefusal | undefined): number {
      let count = 0;
      for (const session of ports.flatMap(({ port }) => [...port.sessions()])) {
        const refusal = session.destroyed || session.closed ? undefined : refuse(peerIn(session));
        if (refusal === undefined) continue;
        tell('peer', peerIn(session), '', refusal.message);
        turnOut(session, refusal);
        count += 1;
      }
      return count;
    },
  };
}
