import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2SecureServer, type Http2Server } from 'node:http2';
import type { Socket, Server as TcpServer } from 'node:net';

/** What an echo upstream answers, as JSON. */
export interface Echo {
  /** The upstream's name: tells a test which one was reached. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly httpVersion: string;
}

export interface EchoOptions {
  readonly name: string;
  /** 0 (the default) for any free one. */
  readonly port?: number;
  /** `h2c` is HTTP/2 without TLS, with prior knowledge. */
  readonly protocol?: 'http1' | 'h2c';
  /** Decides the status, headers and delay of each answer; 200 at once when absent. */
  readonly answer?: (request: { readonly path: string; readonly count: number }) => EchoAnswer;
}

export interface EchoAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

export interface Upstream {
  readonly port: number;
  /** Requests received so far. */
  readonly count: () => number;
  stop(): Promise<void>;
}

/** An upstream on 127.0.0.1 that answers every request with what it saw. */
export async function startEcho(options: EchoOptions): Promise<Upstream> {
  let count = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    count += 1;
    respond(options, request, response, count);
  };
  // The two kinds of request and response agree in all that `respond` touches; Node types them apart.
  const server =
    options.protocol === 'h2c'
      ? createHttp2Server((req, res) => handle(req as never, res as never))
      : createServer(handle);
  const stop = await listen(server, options.port ?? 0);
  return { port: portOf(server), count: () => count, stop };
}

function respond(
  options: EchoOptions,
  request: IncomingMessage,
  response: ServerResponse,
  count: number,
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const path = request.url ?? '';
    const answer = options.answer?.({ path, count }) ?? {};
    const echo: Echo = {
      name: options.name,
      method: request.method ?? '',
      path,
      headers: plainHeaders(request),
      body: Buffer.concat(chunks).toString('utf8'),
      httpVersion: request.httpVersion,
    };
    const send = (): void => {
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(echo));
    };
    if (answer.delayMs === undefined) send();
    else setTimeout(send, answer.delayMs);
  });
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
  return Object.fromEntries(entries.map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));
}

type AnyServer = Server | Http2Server | Http2SecureServer | TcpServer;

/** Listens on loopback; the answer closes the server and every connection it still has. */
export async function listen(server: AnyServer, port: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that goes away in the middle is its own affair.
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}

export function portOf(server: AnyServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
  return address.port;
}
