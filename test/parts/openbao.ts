import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensurePart } from '../../scripts/parts.mjs';
import { freePort } from './ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from './process.ts';
import { until } from './until.ts';

/** A running OpenBao in memory, unsealed, with KV version 2 at `secret/`. Whoever starts one stops it. */
export interface OpenBao {
  readonly url: string;
  /** The same over TLS, where it was asked for; it asks for a client certificate, and takes any or none. */
  readonly tlsUrl: string;
  readonly rootToken: string;
  /** Calls its API as root; throws for an answer above 299, with its words. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'LIST', path: string, body?: unknown): Promise<unknown>;
  /** Afterwards it answers nothing but that it is sealed. */
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

interface OpenBaoOptions {
  /** PEM of the server certificate for a second listener. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
}

export const ROOT_TOKEN = 'root-token-of-the-test';

/** A kept connection would look like one that a store left open. */
const CLOSE = { connection: 'close' };

export async function startOpenBao({ tls }: OpenBaoOptions = {}): Promise<OpenBao> {
  const binary = await ensurePart('openbao');
  const [port, tlsPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(path.join(tmpdir(), 'openbao-'));
  const config = tls === undefined ? [] : [await writeConfig(folder, tlsPort, tls)];
  const child = spawn(
    binary,
    [
      'server',
      '-dev',
      '-dev-no-store-token',
      `-dev-root-token-id=${ROOT_TOKEN}`,
      `-dev-listen-address=127.0.0.1:${port}`,
      ...config,
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
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    rootToken: ROOT_TOKEN,
    call,
    seal: async () => void (await call('PUT', 'sys/seal')),
    unseal: async () => {
      const key = await until('the unseal key in the log', () => /^Unseal Key: (\S+)$/m.exec(log())?.[1]);
      await call('PUT', 'sys/unseal', { key });
      await until('OpenBao to be unsealed', healthy);
    },
    stop: async () => {
      await endChild(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeConfig(
  folder: string,
  port: number,
  { certificate, privateKey }: NonNullable<OpenBaoOptions['tls']>,
): Promise<string> {
  const [cert, key, file] = ['cert.pem', 'key.pem', 'config.json'].map((name) => path.join(folder, name));
  await writeFile(`${cert}`, certificate);
  await writeFile(`${key}`, privateKey);
  const listener = { tcp: { address: `127.0.0.1:${port}`, tls_cert_file: cert, tls_key_file: key } };
  await writeFile(`${file}`, JSON.stringify({ listener: [listener] }));
  return `-config=${file}`;
}

export interface BaoCall {
  readonly url: string;
  readonly token: string;
  readonly method: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of the API, apart from the code under test. Undefined: an answer without a body. */
export async function callBao({ url, token, method, path, body, headers = {} }: BaoCall): Promise<unknown> {
  const response = await fetch(`${url}/v1/${path}`, {
    method,
    headers: { ...CLOSE, ...headers, 'x-vault-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
