import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { listen, portOf } from '../../parts/http.ts';

export interface FakeRequest {
  readonly method: string;
  /** Below `/v1/`, with its query, as it was sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** What is answered; a function of the response does it by itself. */
export type Script = (request: FakeRequest) => FakeAnswer | ((response: ServerResponse) => void);

export interface FakeVault {
  readonly url: string;
  readonly port: number;
  /** Oldest first, without those that ask about the token. */
  readonly requests: readonly FakeRequest[];
  /** Connections that are open. */
  readonly open: () => number;
  script(how: Script): void;
  stop(): Promise<void>;
}

export interface FakeTls {
  readonly chain: string;
  readonly privateKey: string;
}

/** `{ "token": "..." }` at whatever is read. */
export const VALUE = { data: { token: 'the-value-that-nobody-may-see' } };

/** An HTTP server that says what a Vault may say, and what none does. */
export async function startFakeVault(tls?: FakeTls): Promise<FakeVault> {
  const requests: FakeRequest[] = [];
  let script: Script = () => ({ body: VALUE });
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await requestOf(incoming);
    if (request.path === 'auth/token/lookup-self') {
      send(response, { body: { data: { ttl: 0, renewable: false } } });
      return;
    }
    requests.push(request);
    const answered = script(request);
    if (typeof answered === 'function') answered(response);
    else send(response, answered);
  };
  const handle = (incoming: IncomingMessage, response: ServerResponse) => {
    answer(incoming, response).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createServer(handle)
      : createTlsServer({ cert: tls.chain, key: tls.privateKey }, handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const stop = await listen(server, 0);
  const port = portOf(server);
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    requests,
    open: () => sockets.size,
    script: (how) => {
      script = how;
    },
    stop,
  };
}

async function requestOf(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const path = (incoming.url ?? '').replace(/^\/v1\//, '');
  const body = Buffer.concat(chunks).toString('utf8');
  return { method: incoming.method ?? '', path, headers: incoming.headers, body };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: FakeAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  if (body === undefined) response.end();
  else response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
