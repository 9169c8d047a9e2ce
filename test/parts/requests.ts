import { Agent, type IncomingHttpHeaders, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';

export interface RequestSpec {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of the CA to trust, for https. */
  readonly ca?: string | Uint8Array;
  /** SNI and the name to check, for https; the host of the URL when absent. */
  readonly servername?: string;
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on its own connection. */
export async function requestOnce(spec: RequestSpec): Promise<Answer> {
  const agent = agentFor(spec, false);
  try {
    return await send(spec, agent);
  } finally {
    agent.destroy();
  }
}

export interface SteadyOptions extends RequestSpec {
  readonly ratePerSecond: number;
  /** A new connection (and TLS handshake) for each request; otherwise keep-alive. */
  readonly freshConnections?: boolean;
  /** What counts as good; status 200 when absent. */
  readonly good?: (answer: Answer) => boolean;
}

export interface SteadyResult {
  readonly ok: number;
  readonly failed: number;
  /** Text of the failure -> how often. */
  readonly errors: ReadonlyMap<string, number>;
}

export interface SteadyRequests {
  /** Counts so far; requests under way are in neither. */
  counts(): SteadyResult;
  /** Sends no more, waits for those under way, and gives the counts. */
  stop(): Promise<SteadyResult>;
}

/** Sends requests at a steady rate, never waiting for answers, until stopped. */
export function steadyRequests(options: SteadyOptions): SteadyRequests {
  const agent = agentFor(options, options.freshConnections !== true);
  const underWay = new Set<Promise<void>>();
  const errors = new Map<string, number>();
  const started = performance.now();
  let ok = 0;
  let failed = 0;
  let sent = 0;
  const fail = (text: string): void => {
    failed += 1;
    errors.set(text, (errors.get(text) ?? 0) + 1);
  };
  const one = async (): Promise<void> => {
    try {
      const answer = await send(options, agent);
      if (options.good?.(answer) ?? answer.status === 200) ok += 1;
      else fail(`${answer.status} ${answer.body.slice(0, 200)}`);
    } catch (error) {
      fail(String(error));
    }
  };
  const tick = (): void => {
    // Catches up after a busy event loop, so that the rate holds.
    const due = Math.floor(((performance.now() - started) * options.ratePerSecond) / 1000) + 1;
    for (; sent < due; sent += 1) {
      const request = one().finally(() => underWay.delete(request));
      underWay.add(request);
    }
  };
  tick();
  const timer = setInterval(tick, Math.max(1, Math.min(20, 1000 / options.ratePerSecond)));
  const counts = (): SteadyResult => ({ ok, failed, errors: new Map(errors) });
  return {
    counts,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
      return counts();
    },
  };
}

function agentFor(spec: RequestSpec, keepAlive: boolean): Agent {
  return spec.url.startsWith('https:')
    ? new TlsAgent({
        keepAlive,
        maxCachedSessions: 0,
        ...(spec.ca === undefined ? {} : { ca: Buffer.from(spec.ca) }),
      })
    : new Agent({ keepAlive });
}

function send(spec: RequestSpec, agent: Agent): Promise<Answer> {
  const options: RequestOptions & { servername?: string } = {
    agent,
    method: spec.method ?? 'GET',
    headers: { ...spec.headers },
    signal: AbortSignal.timeout(spec.timeoutMs ?? 10_000),
    ...(spec.servername === undefined ? {} : { servername: spec.servername }),
  };
  const start = spec.url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = start(spec.url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(spec.body);
  });
}
