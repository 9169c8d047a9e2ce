import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listen, portOf } from '../../parts/http.ts';

/** Hands every request on to a Vault, and remembers which there were. */
export interface CountingProxy {
  readonly url: string;
  /** `GET secret/metadata/shop/tls`, in order, with what was asked as it stood in the URL. */
  readonly calls: readonly string[];
  forget(): void;
  stop(): Promise<void>;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const calls: string[] = [];
  const server = createServer((incoming, outgoing) => {
    calls.push(`${incoming.method} ${(incoming.url ?? '').replace(/^\/v1\//, '')}`);
    handOn(target, incoming, outgoing);
  });
  const stop = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    calls,
    forget: () => void calls.splice(0),
    stop,
  };
}

function handOn(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  // A kept connection would look like one that a store left open.
  const options = { method, headers: { ...headers, connection: 'close' }, agent: false } as const;
  const onward = request(`${target}${url}`, { ...options, path: url }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
