import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Consul from 'consul';
import type { TlsFiles } from './tls.ts';

const WITHIN_MS = 3_000;

interface Question {
  readonly origin: URL;
  readonly tls: TlsFiles;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/** The datacenters that a Consul knows: asked once, to say which names would have been right. */
export async function datacenters({ origin, tls, token, signal }: Question): Promise<readonly string[]> {
  const secure = origin.protocol === 'https:';
  // A connection of its own that ends with the answer: the shared ones are counted.
  const agent = secure
    ? new HttpsAgent({ ...tls, rejectUnauthorized: true, timeout: WITHIN_MS })
    : new HttpAgent({ timeout: WITHIN_MS });
  const port = origin.port === '' ? (secure ? 443 : 80) : Number(origin.port);
  const consul = new Consul({
    host: origin.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    secure,
    agent,
    ...(token === undefined ? {} : { defaults: { token } }),
  });
  // Ends the question, which then fails.
  signal.addEventListener('abort', () => agent.destroy(), { once: true });
  try {
    const found: unknown = await consul.catalog.datacenters();
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
  } finally {
    agent.destroy();
  }
}
