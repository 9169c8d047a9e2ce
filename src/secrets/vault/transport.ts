import { lookup } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { hostFault } from './addresses.ts';
import { VaultFault } from './fault.ts';
import type { TlsAgents } from './tls.ts';

/** One HTTP answer, its body whole. */
export interface RawAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Buffer;
}

export interface Sending {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  /** Origins that a redirect may lead to; the token goes along. */
  readonly origins: ReadonlySet<string>;
  readonly tls: TlsAgents;
  /** For each call, however its bytes come in. */
  readonly deadlineMs: number;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_REDIRECTS = 3;
/** More would only queue up in Vault. */
const MAX_SOCKETS = 8;
const IDLE_MS = 90_000;

/** HTTP to one Vault over connections that are kept; the redirects of a standby are followed where allowed. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS });

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  close(): void {
    this.#plain.destroy();
    this.#options.tls.close();
  }

  async send(start: URL, sending: Sending): Promise<RawAnswer> {
    const { deadlineMs, origins } = this.#options;
    // Not AbortSignal.timeout: it cannot be taken back, and would wake us up long after each answer.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), deadlineMs);
    const signal = AbortSignal.any([sending.signal, late.signal]);
    let url = start;
    try {
      for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
        const answer = await this.#sendOnce(url, { ...sending, signal });
        if (answer.status < 300 || answer.status >= 400) return answer;
        url = nextUrl(url, answer, origins);
      }
    } catch (error) {
      sending.signal.throwIfAborted();
      if (error instanceof VaultFault) throw error;
      const slow = `${url.origin} gave no answer within ${deadlineMs / 1000} s`;
      throw new VaultFault('down', late.signal.aborted ? slow : unreachable(url, error));
    } finally {
      clearTimeout(timer);
    }
    throw new VaultFault('broken', `${start.origin} redirects more than ${MAX_REDIRECTS} times`);
  }

  async #sendOnce(url: URL, sending: Sending): Promise<RawAnswer> {
    // A connection would be opened all the same, and kept.
    sending.signal.throwIfAborted();
    const fault = hostFault(url.protocol, url.hostname);
    if (fault !== undefined) throw new VaultFault('refused', fault);
    const agent = url.protocol === 'https:' ? await this.#options.tls.agent() : this.#plain;
    const asked = ask(url, sending, agent);
    try {
      return await readWhole(await asked.response);
    } catch (error) {
      // The other side may close a kept connection at the very moment that we use it again.
      const isStale = asked.request.reusedSocket && codeOf(error) === 'ECONNRESET';
      if (!isStale || sending.method !== 'GET' || sending.signal.aborted) throw error;
      return readWhole(await ask(url, sending, agent).response);
    }
  }
}

function ask(url: URL, { headers, method, signal, body }: Sending, agent: HttpAgent) {
  const options = { method, headers, signal, agent, lookup: guardedLookup(url.protocol) };
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = open(url, options);
  const answered = Promise.withResolvers<IncomingMessage>();
  request.on('response', answered.resolve);
  request.on('error', answered.reject);
  request.end(body);
  return { request, response: answered.promise };
}

async function readWhole(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new VaultFault('broken', 'the answer has more than 4 MiB');
    chunks.push(chunk);
  }
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { status: response.statusCode ?? 0, header, body: Buffer.concat(chunks) };
}

function nextUrl(from: URL, { status, header }: RawAnswer, origins: ReadonlySet<string>): URL {
  const to = URL.parse(header('location') ?? '', from.href);
  if (to === null) throw new VaultFault('broken', `${from.origin} redirects to no place (status ${status})`);
  const refusal = redirectFault(status, to, origins);
  if (refusal === undefined) return to;
  throw new VaultFault(
    'refused',
    `${from.origin} redirects to ${to.origin}, which is not followed: ${refusal}`,
  );
}

function redirectFault(status: number, to: URL, origins: ReadonlySet<string>): string | undefined {
  if (!origins.has(to.origin)) return 'if it is a node of this Vault, write it in followTo';
  if (status !== 307 && status !== 308) return `no Vault redirects with status ${status}`;
  return to.pathname.startsWith('/v1/') ? undefined : 'it is outside of the API';
}

/** The code is enough: the error itself may hold the request. */
function unreachable(url: URL, error: unknown): string {
  const code = codeOf(error);
  if (/CERT|SELF_SIGNED|UNABLE_TO|SSL|TLS/.test(code))
    return `${url.origin} is not recognised by its certificate (${code}): look at tls.ca and tls.serverName`;
  return `${url.origin} cannot be reached (${code})`;
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}

/** Judges what the name resolves to at the moment of connecting, so that a second answer changes nothing (BAD9). */
function guardedLookup(protocol: string): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const faults = addresses.map(({ address }) => hostFault(protocol, address));
      const fault = faults.find((one) => one !== undefined);
      if (fault !== undefined) return callback(new VaultFault('refused', `${hostname}: ${fault}`), '');
      const [first] = addresses;
      if (first === undefined) return callback(new VaultFault('down', `${hostname} has no address`), '');
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}
