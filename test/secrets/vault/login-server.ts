import { createServer, type IncomingMessage } from 'node:http';

export interface Asked {
  readonly method: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LoginServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** Answers as `answer` says; what it throws is told as Vault tells a refusal (400). */
export async function startLoginServer(answer: (asked: Asked) => unknown): Promise<LoginServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = await readAsked(request);
    asked.push(one);
    response.setHeader('content-type', 'application/json');
    response.setHeader('connection', 'close');
    try {
      response.end(JSON.stringify(answer(one)));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ errors: [String(error)] }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const token = request.headers['x-vault-token'];
  return {
    method: request.method ?? '',
    path: (request.url ?? '').replace(/^\/v1\//, ''),
    token: Array.isArray(token) ? token[0] : token,
    body: text === '' ? {} : JSON.parse(text),
  };
}
