import { spawn } from 'node:child_process';
import { ensurePart } from '../../scripts/parts.mjs';
import { freePort } from './ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from './process.ts';
import { until } from './until.ts';

/** A running OpenBao in memory, unsealed, with KV version 2 at `secret/`. Whoever starts one stops it. */
export interface OpenBao {
  readonly url: string;
  readonly rootToken: string;
  /** Calls its API as root; throws for an answer above 299, with its words. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'LIST', path: string, body?: unknown): Promise<unknown>;
  /** Its key store is closed until `unseal`: everything is answered with 503. */
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

export const ROOT_TOKEN = 'root-token-of-the-test';

/** A kept connection would look like one that a store left open. */
const CLOSE = { connection: 'close' };

export async function startOpenBao(): Promise<OpenBao> {
  const binary = await ensurePart('openbao');
  const port = await freePort();
  const child = spawn(
    binary,
    [
      'server',
      '-dev',
      '-dev-no-store-token',
      `-dev-root-token-id=${ROOT_TOKEN}`,
      `-dev-listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  endWithUs(child);
  const log = collectLog(child);
  const url = `http://127.0.0.1:${port}`;
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`OpenBao ended:\n${tail(log())}`) : undefined;
  const healthy = async () => (await fetch(`${url}/v1/sys/health`, { headers: CLOSE })).ok;
  await until('OpenBao to answer', healthy, { timeoutMs: 30_000, everyMs: 50, hopeless });
  const call: OpenBao['call'] = (method, path, body) =>
    callBao({ url, token: ROOT_TOKEN, method, path, body });
  return {
    url,
    rootToken: ROOT_TOKEN,
    call,
    seal: async () => void (await call('PUT', 'sys/seal')),
    unseal: async () => {
      const key = /^Unseal Key: (\S+)$/m.exec(log())?.[1];
      if (key === undefined) throw new Error(`OpenBao told no unseal key:\n${tail(log())}`);
      await call('PUT', 'sys/unseal', { key });
    },
    stop: () => endChild(child),
  };
}

export interface BaoCall {
  readonly url: string;
  readonly token: string;
  readonly method: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly body?: unknown;
}

/** One call of the API, apart from the code under test. Undefined: an answer without a body. */
export async function callBao({ url, token, method, path, body }: BaoCall): Promise<unknown> {
  const response = await fetch(`${url}/v1/${path}`, {
    method,
    headers: { ...CLOSE, 'x-vault-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
