import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listen, portOf } from '../../parts/http.ts';
import { makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { FakeRegistry } from './fake-registry.ts';

export interface FakeRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Path and query as they were sent. */
  readonly target: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON; default what the registry says. */
  readonly body?: unknown;
}

/** `hang`: no answer for ever; `cut`: the connection ends; undefined: as the registry says. */
export type Script = (request: FakeRequest) => FakeAnswer | 'hang' | 'cut' | undefined;

export interface FakeOptions {
  /** HTTPS with HTTP/2. */
  readonly tls?: { readonly maxConcurrentStreams?: number };
}

export interface FakeConsul {
  readonly url: string;
  /** PEM file of its authority; empty without `tls`. */
  readonly ca: string;
  readonly registry: FakeRegistry;
  /** Oldest first. */
  readonly requests: FakeRequest[];
  /** Those held back now. */
  readonly held: readonly FakeRequest[];
  readonly connections: { readonly now: number; readonly most: number; readonly ever: number };
  /** Answers whoever is held and is due now. */
  change(how: (registry: FakeRegistry) => void): void;
  /** From now on, and for those that are held. */
  script(how: Script | undefined): void;
  /** On every answer from now on, beside the usual ones. */
  headers(more: Readonly<Record<string, string>>): void;
  /** Answers everyone who is held, or only some, changed or not. */
  wake(which?: (request: FakeRequest) => boolean): void;
  /** Connections stay open and say nothing more. */
  freeze(): void;
  /** HTTP/2: no new questions on the connections that there are. */
  goodbye(): void;
  /** Ends all connections, and no new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

interface Held {
  readonly request: FakeRequest;
  readonly reply: Reply;
}

interface Reply {
  send(status: number, headers: Record<string, string>, body: string): void;
  cut(): void;
}

/** Speaks Consul's catalog and health API on 127.0.0.1, blocking queries included. */
export async function startFakeConsul({ tls }: FakeOptions = {}): Promise<FakeConsul> {
  const registry = new FakeRegistry();
  const requests: FakeRequest[] = [];
  const held = new Set<Held>();
  let script: Script | undefined;
  let more: Readonly<Record<string, string>> = {};

  const send = ({ request, reply }: Held, scripted: FakeAnswer = {}): void => {
    const body = 'body' in scripted ? scripted.body : registry.answer(request.path);
    const headers = {
      'content-type': 'application/json',
      'x-consul-index': String(registry.indexOf(request.path)),
      'x-consul-knownleader': 'true',
      'x-consul-lastcontact': '0',
      ...more,
      ...scripted.headers,
    };
    reply.send(scripted.status ?? 200, headers, typeof body === 'string' ? body : JSON.stringify(body));
  };
  /** Whether it was answered, or is to be for ever without an answer. */
  const tryAnswer = (one: Held): boolean => {
    const scripted = script?.(one.request);
    if (scripted === 'hang') return false;
    if (scripted === 'cut') one.reply.cut();
    else if (scripted !== undefined) send(one, scripted);
    else if (isDue(one.request, registry)) send(one);
    else return false;
    return true;
  };
  const settle = (isAnswered: (one: Held) => boolean): void => {
    for (const one of [...held]) if (isAnswered(one)) held.delete(one);
  };
  const take = (one: Held): void => {
    requests.push(one.request);
    if (!tryAnswer(one)) held.add(one);
  };
  const forget = (reply: Reply): void => settle((one) => one.reply === reply);
  const made = tls === undefined ? plain(take, forget) : await secure(tls, take, forget);
  const counted = countConnections(made.server);
  let stop = await listen(made.server, 0);
  const port = portOf(made.server);
  const down = async (): Promise<void> => {
    held.clear();
    counted.end();
    await stop();
  };
  return {
    ...{ registry, requests, down, connections: counted },
    ca: made.ca,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get held() {
      return [...held].map(({ request }) => request);
    },
    change: (how) => {
      how(registry);
      settle(tryAnswer);
    },
    script: (how) => {
      script = how;
      settle(tryAnswer);
    },
    headers: (others) => {
      more = others;
    },
    wake: (which = () => true) =>
      settle((one) => {
        if (!which(one.request)) return false;
        send(one);
        return true;
      }),
    freeze: counted.freeze,
    goodbye: made.goodbye,
    up: async () => {
      stop = await listen(made.server, port);
    },
    stop: async () => {
      await down();
      await made.close();
    },
  };
}

/** A blocking query waits until there is something newer than what it names. */
function isDue({ path: asked, query }: FakeRequest, registry: FakeRegistry): boolean {
  const index = Number(query.get('index') ?? '0');
  const now = registry.indexOf(asked);
  return index === 0 || now > index || now < index;
}

type Take = (one: Held) => void;

interface Made {
  readonly server: Server | Http2SecureServer;
  readonly ca: string;
  goodbye(): void;
  close(): Promise<void>;
}

/** The two kinds of request and response agree in all that is used here; Node types them apart. */
interface AnyRequest {
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}
interface AnyResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
  on(event: 'close', listener: () => void): unknown;
}

function handler(take: Take, forget: (reply: Reply) => void) {
  return (asked: AnyRequest, response: AnyResponse, cut: () => void): void => {
    const target = asked.url ?? '';
    const { pathname, searchParams } = new URL(target, 'http://consul');
    const reply: Reply = {
      cut,
      send: (status, headers, body) => {
        response.writeHead(status, headers);
        response.end(body);
      },
    };
    response.on('close', () => forget(reply));
    take({ request: { path: pathname, query: searchParams, headers: asked.headers, target }, reply });
  };
}

function plain(take: Take, forget: (reply: Reply) => void): Made {
  const handle = handler(take, forget);
  const server = createServer((asked, response) => handle(asked, response, () => asked.socket.destroy()));
  return { server, ca: '', goodbye: () => {}, close: async () => {} };
}

async function secure(
  settings: { readonly maxConcurrentStreams?: number },
  take: Take,
  forget: (reply: Reply) => void,
): Promise<Made> {
  const ca = await makeCa();
  const made = await makeCertificate({ issuer: ca, names: ['server.dc1.consul'], ips: ['127.0.0.1'] });
  const folder = await mkdtemp(path.join(tmpdir(), 'muster-fake-consul-'));
  await writeFile(path.join(folder, 'ca.pem'), ca.certificate);
  const handle = handler(take, forget);
  const server = createSecureServer({ cert: made.chain, key: made.privateKey, settings });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('request', (asked, response) =>
    handle(asked, response, () => response.stream.session?.destroy()),
  );
  return {
    server,
    ca: path.join(folder, 'ca.pem'),
    goodbye: () => {
      for (const session of sessions) session.goaway();
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function countConnections(server: Server | Http2SecureServer) {
  const sockets = new Set<Socket>();
  let most = 0;
  let ever = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    ever += 1;
    most = Math.max(most, sockets.size);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  return {
    get now() {
      return sockets.size;
    },
    get most() {
      return most;
    },
    get ever() {
      return ever;
    },
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
  };
}
