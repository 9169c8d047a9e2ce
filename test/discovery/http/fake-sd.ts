import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, portOf } from '../../parts/http.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeSd {
  readonly port: number;
  readonly url: string;
  /** The requests so far, oldest first. */
  readonly requests: readonly IncomingMessage[];
  answer(how: Answer): void;
  stop(): Promise<void>;
}

/** An HTTP SD endpoint on 127.0.0.1 that answers as it is told. */
export async function startSd(first: Answer = json([])): Promise<FakeSd> {
  let how = first;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    how(request, response);
  });
  const stop = await listen(server, 0);
  const port = portOf(server);
  const answer = (next: Answer): void => {
    how = next;
  };
  return { port, url: `http://127.0.0.1:${port}/targets`, requests, answer, stop };
}

export function json(value: unknown, headers: Record<string, string> = {}): Answer {
  return raw(200, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));
}

export function raw(status: number, headers: Record<string, string>, body: string | Buffer): Answer {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}
