import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { createCore, type XdsCore } from './core.ts';
import { createContext } from './create-context.ts';
import { GrpcCall, refuseCall } from './grpc-call.ts';
import { type GrpcStatus, parseGrpcTimeout } from './grpc-status.ts';
import { type Http2Port, type ListenAddress, openHttp2Port } from './http2-port.ts';
import { CSDS_METHODS, XDS_METHODS, type XdsMethod } from './methods.ts';
import type { StreamStatus, XdsServerOptions } from './options.ts';
import { type Peer, peerOf } from './peer.ts';
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
  /** New handshakes on every TLS port use these; live connections stay. */
  reloadTls(tls: XdsTls): void;
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
  const admit = context.admission;
  const ports: { readonly port: Http2Port; readonly encrypted: boolean }[] = [];
  const peers = new WeakMap<object, Peer>();
  let timer: NodeJS.Timeout | undefined;
  let closing = false;
  let lastGone = (): void => {};

  function forget(stream: ServedStream): void {
    streams.delete(stream);
    if (streams.size === 0) lastGone();
  }

  function onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { session } = stream;
    if (session === undefined) return;
    const refused = refuseHttp(stream, headers);
    if (refused) return;
    const peer = peers.get(session) ?? peerOf(session.socket);
    peers.set(session, peer);
    const refusal = closing ? SHUTTING_DOWN : (refuseHeaders(headers) ?? admit(peer));
    if (refusal === undefined) route(stream, headers, peer);
    else refuseCall(stream, refusal);
  }

  function route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer): void {
    const path = headers[':path'] ?? '';
    const method = XDS_METHODS.get(path);
    const status = CSDS_METHODS.get(path);
    if (method !== undefined && method.variant !== 'fetch') serve(stream, headers, peer, method);
    else if (status !== undefined && options.authorizeStatus?.(peer) === true) {
      createStatusCall(stream, { kind: status, maxBytes: context.limits.requestBytes, list });
    } else refuseCall(stream, unimplemented(path, method));
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
      });
      ports.push({ port: opened, encrypted: tls !== undefined });
      timer ??= setInterval(sweep, context.timing.tickMs / SWEEP_PARTS);
      return opened.address;
    },
    reloadTls(tls) {
      for (const { port, encrypted } of ports) if (encrypted) port.reloadTls(tls);
    },
    move(streamId, key) {
      const stream = [...streams].find((candidate) => candidate.info?.id === streamId);
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

const oneHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** What is not gRPC is answered in HTTP: wrong method or content type. True when it was. */
function refuseHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
  const grpc = /^application\/grpc(?:[+;]|$)/.test(headers['content-type'] ?? '');
  if (headers[':method'] === 'POST' && grpc) return false;
  stream.on('error', () => {}); // the client may be gone already: nothing is owed to it
  stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
  stream.close();
  return true;
}

function refuseHeaders(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const encoding = oneHeader(headers['grpc-encoding']) ?? 'identity';
  if (encoding !== 'identity') {
    return { code: 'UNIMPLEMENTED', message: `This server reads no ${encoding} compression: send identity.` };
  }
  if (!Number.isNaN(parseGrpcTimeout(oneHeader(headers['grpc-timeout'])))) return undefined;
  return { code: 'INVALID_ARGUMENT', message: 'The grpc-timeout header is malformed.' };
}

function unimplemented(path: string, method: XdsMethod | undefined): GrpcStatus {
  const message =
    method?.variant === 'fetch'
      ? `${path}: polling is not served, use the streaming methods of this service.`
      : `${path}: this server has no such method.`;
  return { code: 'UNIMPLEMENTED', message };
}
