import nodeVault from 'node-vault';
import type { SecretBytes } from '../../secret-bytes.ts';
import { MAX_PAUSE_MS, readAnswer } from './answers.ts';
import { VaultFault } from './fault.ts';
import type { Transport } from './transport.ts';

export interface VaultCall {
  readonly method?: 'GET' | 'POST';
  /** Below `/v1/`, encoded (`encodePath`), with its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** Absent: a call without a login. */
  readonly token?: SecretBytes | undefined;
  /** What else an answer must never be quoted with. */
  readonly hide?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Calls of the API. Each gives the JSON of its answer, or throws `VaultFault`. */
export interface VaultClient {
  call(call: VaultCall): Promise<unknown>;
  /** Ends every connection. */
  close(): void;
}

export interface ClientOptions {
  readonly address: string;
  readonly namespace: string | undefined;
  readonly transport: Transport;
  readonly now: () => number;
}

/** What we put into a request of the library, and find there again in the transport. */
interface OurRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: Readonly<Record<string, unknown>> | undefined;
  readonly hide: readonly string[];
  readonly signal: AbortSignal;
}

/** What answers of the login calls must never be quoted with. */
const HIDDEN = ['secret_id', 'role_id', 'jwt', 'token', 'iam_request_headers'];

export function createClient({ address, namespace, transport, now }: ClientOptions): VaultClient {
  const base = new URL(address);
  let pausedUntil = Number.NEGATIVE_INFINITY;
  const answer = async (request: OurRequest) => {
    const url = new URL(request.uri);
    const raw = await transport.send(url, {
      method: request.method,
      headers: { ...request.headers, accept: 'application/json', 'x-vault-request': 'true' },
      body: request.json === undefined ? undefined : JSON.stringify(request.json),
      signal: request.signal,
    });
    const asked = askedFor(request.method, decodeURI(url.pathname.slice('/v1/'.length)));
    return { statusCode: 200, body: readAnswer(raw, asked, hiddenIn(request)), request: { path: '' } };
  };
  const library = nodeVault({
    endpoint: base.origin,
    'request-promise': { defaults: () => answer },
    debug: () => undefined,
  });
  forgetEnvironment(library, namespace);
  const call = async (asked: VaultCall): Promise<unknown> => {
    const { method = 'GET', path, body, token, hide = [], signal } = asked;
    const wait = pausedUntil - now();
    // A clock that was set back makes no pause longer.
    if (wait > 0 && wait <= MAX_PAUSE_MS)
      throw new VaultFault('throttled', `Vault asked not to be asked for ${Math.ceil(wait / 1000)} s`);
    const headers = token === undefined ? {} : { 'X-Vault-Token': textOf(token) };
    const json = body === undefined ? {} : { json: body };
    try {
      const answered: unknown = await library.request({
        path: `/${path}`,
        method,
        headers,
        hide,
        signal,
        ...json,
      });
      return answered;
    } catch (error) {
      if (error instanceof VaultFault && error.pauseMs !== undefined) pausedUntil = now() + error.pauseMs;
      throw error;
    }
  };
  return { call, close: () => transport.close() };
}

/** The library takes these from VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX where they are not given. */
function forgetEnvironment(library: object, namespace: string | undefined): void {
  Object.assign(library, { token: '', namespace: namespace ?? '', pathPrefix: '', apiVersion: 'v1' });
}

function askedFor(method: string, path: string): string {
  if (method === 'GET') return `reading ${path}`;
  return /^auth\/.+\/login$/.test(path) ? `logging in at ${path}` : `writing ${path}`;
}

function hiddenIn({ headers, json, hide }: OurRequest): readonly string[] {
  const sent = HIDDEN.map((key) => json?.[key]).filter((value) => typeof value === 'string');
  const token = headers['X-Vault-Token'];
  return [...hide, ...sent, ...(token === undefined ? [] : [token])];
}

function textOf(token: SecretBytes): string {
  return Buffer.from(token.reveal()).toString('utf8');
}
