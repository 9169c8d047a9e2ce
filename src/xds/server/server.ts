import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { StreamRefusal } from '../stream/stream.ts';
import { createCore, type XdsCore } from './core.ts';
import { createContext } from './create-context.ts';
import { Gate, type OpenPort } from './gate.ts';
import { GrpcCall, refuseCall } from './grpc-call.ts';
import { type GrpcStatus, parseGrpcTimeout } from './grpc-status.ts';
import { type ListenAddress, openHttp2Port } from './http2-port.ts';
import { CSDS_METHODS, XDS_METHODS, type XdsMethod } from './methods.ts';
import type { StreamStatus, XdsServerOptions } from './options.ts';
import type { Peer } from './peer.ts';
import { oneHeader, refuseHeaders, refuseHttp } from './refuse-headers.ts';
import { createRounds } from './rounds.ts';
import { ServedStream } from './served-stream.ts';
import { createStatusCall } from './status-service.ts';
import type { XdsTls } from './tls.ts';

/** A gRPC server for every discovery service, fed from one cache. */
export interface XdsServer {
  /**
   * Opens a port; may be called again for another. Rejects with the system's `code` (`EADDRINUSE`) and words.
   * With `tls`: TLS 1.3, client certificate required.
   */
  listen(host: string, port: number, tls?: XdsTls): Promise<ListenAddress>;
  /**
   * New handshakes on every TLS port use these. Live connections stay as long as their certificate comes from a CA
   * in `clientCa`; the others are ended. Throws where the PEM cannot be used, and then changes nothing.
   */
  reloadTls(tls: XdsTls): void;
  /** Ends every stream of the peers that are refused, and their connections. Answers how many connections. */
  expel(refuse: (peer: Peer) => StreamRefusal | undefined): number;
  /** Ends one live stream. False if it is gone. */
  end(streamId: number, refusal: StreamRefusal): boolean;
  /** Serves a live stream from another key: it is sent only the difference. False if it is gone. */
  move(streamId: number, key: string): boolean;
  /** Every stream whose node is known, in order of arrival. */
  streams(): readonly StreamStatus[];
  /** Ends every stream with OK, waits up to `graceMs` for clients to go, then breaks what is left. */
  close(graceMs?: number): Promise<void>;
}

export function createXdsServer(options: XdsServerOptions): XdsServer {
  return serveCore(options, createCore(options));
}

/** The server over any core: what `createXdsServer` does once it has one. */
export function serveCore(options: XdsServerOptions, core: XdsCore): XdsServer {
  const streams = new Set<ServedStream>();
  const someStreams = createRounds(streams, SWEEP_PARTS);
  const context = createContext(options, core, forget);
  const ports: OpenPort[] = [];
  const gate = new Gate({ options, context, streams, ports });
  let timer: NodeJS.Timeout | undefined;
  let closing = false;
  let lastGone = (): void => {};

  function forget(stream: ServedStream): void {
    streams.delete(stream);
    if (streams.size === 0) lastGone();
  }

  function onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { session } = stream;
    if (session === undefined || refuseHttp(stream, headers)) return;
    const peer = gate.peerOf(session);
    const refusal = closing
      ? SHUTTING_DOWN
      : (refuseHeaders(headers) ?? gate.refuse(peer, headers) ?? context.admission(peer));
    if (refusal === undefined) route(stream, headers, peer);
    else refuseCall(stream, refusal);
  }

  function route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer): void {
    const path = headers[':path'] ?? '';
    const method = XDS_METHODS.get(path);
    const status = CSDS_METHODS.get(path);
    const allowed = (): boolean => gate.mayReadStatus(peer);
    if (method !== undefined && method.variant !== 'fetch') serve(stream, headers, peer, method);
    else if (status !== undefined && allowed()) {
      createStatusCall(stream, { kind: status, maxBytes: context.limits.requestBytes, list, allowed });
    } else refuseCall(stream, gate.unserved(path, peer));
  }

  function serve(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    peer: Peer,
    method: XdsMethod,
  ): void {
    const timeout = parseGrpcTimeout(oneHeader(headers['grpc-timeout'])) ?? Number.POSITIVE_INFINITY;
    const served = new ServedStream(context, method, peer, timeout);
    served.attach(new GrpcCall(stream, context.limits.requestBytes, served));
    streams.add(served);
  }

  function sweep(): void {
    const now = context.clock.now();
    someStreams((stream) => stream.sweep(now));
    for (const { port } of ports) port.sweep(now);
  }

  function emptied(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, graceMs);
      lastGone = () => {
        clearTimeout(limit);
        resolve();
      };
    });
  }

  const list = (): readonly StreamStatus[] => [...streams].flatMap((stream) => stream.status() ?? []);
  const find = (id: number): ServedStream | undefined => streams.values().find(({ info }) => info?.id === id);

  return {
    async listen(host, port, tls) {
      const opened = await openHttp2Port({
        host,
        port,
        tls,
        limits: {
          maxStreamsPerConnection: context.limits.streamsPerConnection,
          idleConnectionMs: context.timing.idleConnectionMs,
        },
        now: context.clock.now,
        onStream,
        onSession: (session) => gate.arrived(session),
        onHandshakeFailed: (failure) => gate.handshakeFailed(failure),
      });
      gate.trusts(tls);
      ports.push({ port: opened, encrypted: tls !== undefined });
      timer ??= setInterval(sweep, context.timing.tickMs / SWEEP_PARTS);
      return opened.address;
    },
    reloadTls: (tls) => gate.reloadTls(tls),
    expel: (refuse) => gate.expel(refuse),
    end(streamId, refusal) {
      const stream = find(streamId);
      stream?.end(refusal);
      return stream !== undefined;
    },
    move(streamId, key) {
      const stream = find(streamId);
      stream?.move(key);
      return stream !== undefined;
    },
    streams: list,
    async close(graceMs = 0) {
      closing = true;
      for (const stream of streams) stream.end({ code: 'OK', message: '' });
      for (const { port } of ports) port.drain();
      if (streams.size > 0 && graceMs > 0) await emptied(graceMs);
      clearInterval(timer);
      await Promise.all(ports.map(({ port }) => port.close()));
    },
  };
}

const SWEEP_PARTS = 4;

const SHUTTING_DOWN: GrpcStatus = {
  code: 'UNAVAILABLE',
  message: 'The server is shutting down: connect again.',
};
