import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { listen, portOf, type Upstream } from './http.ts';

/** An upstream on 127.0.0.1 that sends every WebSocket message back. */
export async function startWebSocketEcho({ port = 0 }: { port?: number } = {}): Promise<Upstream> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let count = 0;
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      count += 1;
      socket.send(data, { binary: isBinary });
    });
  });
  const stop = await listen(server, port);
  return { port: portOf(server), count: () => count, stop };
}

/** A held-open stream: `echo` goes through and back, `broken` tells why it ended by itself. */
export interface HeldStream {
  echo(text: string): Promise<string>;
  broken(): string | undefined;
  close(): Promise<void>;
}

/** Opens a WebSocket (`ws://...`) and resolves when it is open. */
export async function openWebSocket(url: string, headers: Record<string, string> = {}): Promise<HeldStream> {
  const socket = new WebSocket(url, { headers });
  const waiting: ((text: string) => void)[] = [];
  let broken: string | undefined;
  let closing = false;
  socket.on('message', (data) => waiting.shift()?.(String(data)));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', (error) => {
    broken ??= error.message;
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', (code, reason) => {
      if (!closing) broken ??= `closed with ${code} ${reason.toString()}`;
      resolve();
    });
  });
  const echo = (text: string): Promise<string> =>
    Promise.race([
      new Promise<string>((resolve) => {
        waiting.push(resolve);
        socket.send(text);
      }),
      closed.then(() => Promise.reject(new Error(`the WebSocket ended: ${broken ?? 'closed'}`))),
    ]);
  const close = async (): Promise<void> => {
    closing = true;
    socket.close();
    await closed;
  };
  return { echo, broken: () => broken, close };
}
