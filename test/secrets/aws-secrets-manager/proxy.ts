import { createServer, type IncomingMessage } from 'node:http';
import { listen, portOf } from '../../parts/http.ts';

/** One call as it was on the wire. */
export interface WireCall {
  /** `GetSecretValue`, `AssumeRole`. */
  readonly action: string;
  readonly region: string;
  readonly accessKey: string;
  readonly body: string;
}

export interface WireAnswer {
  readonly status?: number;
  readonly body: string;
  readonly type?: string;
}

export interface SecretsProxy {
  readonly url: string;
  readonly calls: WireCall[];
  /** What is answered instead; undefined hands the call on. `hang` never answers. */
  answer: (call: WireCall) => WireAnswer | 'hang' | undefined;
  stop(): Promise<void>;
}

/** Stands in front of moto and shows what moto cannot. */
export async function startSecretsProxy(upstream: string): Promise<SecretsProxy> {
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      const call = callOf(request, body);
      proxy.calls.push(call);
      const own = proxy.answer(call);
      if (own === 'hang') return;
      const answer = own ?? (await forward(request, body));
      const { status = 200, type = 'application/x-amz-json-1.1', body: text } = answer;
      response.writeHead(status, { 'content-type': type });
      response.end(text);
    });
  });
  const forward = async (request: IncomingMessage, body: string): Promise<WireAnswer> => {
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && !/^(connection|content-length|expect)$/.test(name) ? [[name, value]] : [],
    );
    const answered = await fetch(`${upstream}${request.url}`, {
      method: 'POST',
      headers: [...headers, ['connection', 'close']],
      body,
    });
    const type = answered.headers.get('content-type') ?? 'application/x-amz-json-1.1';
    return { status: answered.status, type, body: await answered.text() };
  };
  const stop = await listen(server, 0);
  const proxy: SecretsProxy = {
    url: `http://127.0.0.1:${portOf(server)}`,
    calls: [],
    answer: () => undefined,
    stop,
  };
  return proxy;
}

/** An error in the API's own form. */
export function apiError(status: number, code: string, message: string): WireAnswer {
  return { status, body: JSON.stringify({ __type: code, Message: message, message }) };
}

function callOf({ headers }: IncomingMessage, body: string): WireCall {
  const target = headers['x-amz-target'];
  const credential = /Credential=([^/]*)\/[^/]*\/([^/]*)\//.exec(headers.authorization ?? '');
  return {
    action:
      typeof target === 'string'
        ? target.replace(/^secretsmanager\./, '')
        : (new URLSearchParams(body).get('Action') ?? ''),
    region: credential?.[2] ?? '',
    accessKey: credential?.[1] ?? '',
    body,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
