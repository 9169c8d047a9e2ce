import { Client, credentials, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Upstream } from './http.ts';
import type { HeldStream } from './websocket.ts';

const PATH = '/muster.test.Echo/Stream';
const asIs = (bytes: Buffer): Buffer => bytes;
const DEFINITION = {
  stream: {
    path: PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const;

/** A gRPC upstream on 127.0.0.1 (h2c) whose one method sends every message of the stream back. */
export async function startGrpcEcho({ port = 0 }: { port?: number } = {}): Promise<Upstream> {
  const server = new Server();
  let count = 0;
  server.addService(DEFINITION, {
    stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (message: Buffer) => {
        count += 1;
        call.write(message);
      });
      call.on('end', () => call.end());
      // The client went away; the stream ends with it.
      call.on('error', () => call.end());
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error === null ? resolve(actual) : reject(error),
    );
  });
  return { port: bound, count: () => count, stop: async () => server.forceShutdown() };
}

/** Opens the echo stream at `port` on loopback, with `authority` as the host the proxy routes by. */
export function openGrpcEcho({ port, authority }: { port: number; authority?: string }): HeldStream {
  const options = authority === undefined ? {} : { 'grpc.default_authority': authority };
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(PATH, asIs, asIs);
  const waiting: { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void }[] = [];
  let broken: string | undefined;
  let closing = false;
  call.on('data', (message: Buffer) => waiting.shift()?.resolve(message.toString('utf8')));
  // The status event below says the same and comes always.
  call.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    call.on('status', (status) => {
      if (!closing) broken ??= `ended with status ${status.code} ${status.details}`;
      for (const { reject } of waiting.splice(0))
        reject(new Error(`the gRPC stream ${broken ?? 'was closed'}`));
      resolve();
    });
  });
  const echo = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(new Error(`the gRPC stream ${broken}`));
      waiting.push({ resolve, reject });
      call.write(Buffer.from(text, 'utf8'));
    });
  const close = async (): Promise<void> => {
    closing = true;
    call.end();
    await ended;
    client.close();
  };
  return { echo, broken: () => broken, close };
}
