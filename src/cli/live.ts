import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ZodType } from 'zod';
import { errorText, MusterError } from '../errors.ts';
import { SecretBytes } from '../secret-bytes.ts';
import type { CliIo } from './io.ts';

export interface LiveOptions {
  readonly api: string;
  readonly apiTokenFile?: string;
}

const ANSWER_WITHIN_MS = 10_000;

/** Options of every command that asks a running muster. */
export function withApi(command: Command, io: CliIo): Command {
  return command
    .option('--api <url>', 'address of the HTTP API', io.env['MUSTER_API_URL'] ?? 'http://127.0.0.1:18080')
    .option('--api-token-file <path>', 'file with the bearer token of the API');
}

export interface Answer<T> {
  /** Everything the API said, for programs. */
  readonly whole: unknown;
  /** What this command reads of it. */
  readonly read: T;
}

/** Asks the API for one page and takes from it what `schema` names. */
export async function ask<T>(
  options: LiveOptions,
  path: string,
  schema: ZodType<T>,
  signal: AbortSignal,
): Promise<Answer<T>> {
  return exchange(options, path, { signal }, schema);
}

/** Sends JSON to the API, to have something done, and takes from the answer what `schema` names. */
export async function tell<T>(
  options: LiveOptions,
  path: string,
  {
    body,
    schema,
    signal,
  }: { readonly body: unknown; readonly schema: ZodType<T>; readonly signal: AbortSignal },
): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json' };
  return exchange(options, path, { method: 'POST', body: JSON.stringify(body), headers, signal }, schema);
}

interface Sent {
  readonly signal: AbortSignal;
  readonly method?: 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function exchange<T>(
  options: LiveOptions,
  path: string,
  sent: Sent,
  schema: ZodType<T>,
): Promise<Answer<T>> {
  const url = addressOf(options.api, path);
  const headers = { ...sent.headers, ...(await headersOf(options)) };
  const response = await send(url, { ...sent, headers });
  const whole = await bodyOf(response, url);
  if (!response.ok) throw refused(response.status, whole, url);
  const read = schema.safeParse(whole);
  if (!read.success) throw notMuster(url);
  return { whole, read: read.data };
}

function addressOf(api: string, path: string): URL {
  const base = URL.parse(api);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new MusterError(
      'usage',
      `--api ${JSON.stringify(api)} is no address; write it like http://127.0.0.1:18080`,
    );
  }
  return new URL(path, base);
}

async function headersOf({ apiTokenFile }: LiveOptions): Promise<Record<string, string>> {
  if (apiTokenFile === undefined) return {};
  try {
    const token = SecretBytes.fromUtf8((await readFile(apiTokenFile, 'utf8')).trim());
    return { authorization: `Bearer ${Buffer.from(token.reveal()).toString('utf8')}` };
  } catch (error) {
    throw new MusterError('usage', `--api-token-file cannot be read: ${errorText(error)}`, { cause: error });
  }
}

async function send(url: URL, sent: Sent): Promise<Response> {
  try {
    const signal = AbortSignal.any([sent.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    return await fetch(url, { ...sent, signal, redirect: 'error' });
  } catch (error) {
    const why =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : errorText(error);
    throw new MusterError(
      'api_unreachable',
      `no muster answers on ${url.origin} (${why || 'connection refused'}): start it with "muster serve", or name its address with --api`,
      { cause: error },
    );
  }
}

async function bodyOf(response: Response, url: URL): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // Whatever answers there, it is not this API.
    throw notMuster(url);
  }
}

function refused(status: number, body: unknown, url: URL): MusterError {
  const message = messageOf(body);
  if (message === undefined) return notMuster(url);
  const hint = status === 401 ? ' (--api-token-file names the file that holds it)' : '';
  return new MusterError('internal', `${message}${hint}`);
}

function messageOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? error.message : undefined;
}

function notMuster(url: URL): MusterError {
  return new MusterError(
    'api_unreachable',
    `what answers on ${url.origin} is not the API of a muster of this version: name the right address with --api`,
  );
}
