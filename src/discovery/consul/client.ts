import type { z } from 'zod';
import { errorText } from '../../errors.ts';
import { fileText, secretText } from '../own-text.ts';
import type { SourceContext } from '../source.ts';
import { type Answer, readAnswer } from './answer.ts';
import { datacenters } from './datacenters.ts';
import { catalogServices, type HealthEntry, healthEntries, type StateCheck, stateChecks } from './entries.ts';
import { failed } from './fault.ts';
import type { ConsulOptions } from './schema.ts';
import { tlsFiles } from './tls.ts';
import type { Transport } from './transport.ts';

/** How a question is asked. */
export interface Asking {
  /** Held back until something is newer than this; 0: answered at once. */
  readonly index: number;
  /** Longest time that it is held back. */
  readonly waitMs: number;
  /** `stale`: any server answers; `consistent`: the leader, once it has made sure that it is one. */
  readonly mode: 'stale' | 'consistent';
  readonly signal: AbortSignal;
}

type Parameters = readonly (readonly [string, string])[];

/** The questions that are put to Consul. Datacenter, namespace, partition and token go with each (SRC6). */
export interface ConsulClient {
  services(asking: Asking): Promise<Answer<ReadonlyMap<string, readonly string[]>>>;
  health(service: string, asking: Asking): Promise<Answer<readonly HealthEntry[]>>;
  states(asking: Asking): Promise<Answer<readonly StateCheck[]>>;
}

const MAX_TOKEN_BYTES = 4096;
/** What the server may add to a wait, and the way there and back. */
const GRACE_MS = 10_000;

export function createClient(
  options: ConsulOptions,
  context: SourceContext,
  transport: Transport,
): ConsulClient {
  const random = context.random ?? Math.random;
  const scope: Parameters = [
    ...pair('dc', options.datacenter),
    ...pair('ns', options.namespace),
    ...pair('partition', options.partition),
  ];
  const nodeMeta = Object.entries(options.nodeMeta ?? {}).map(
    ([key, value]) => ['node-meta', `${key}:${value}`] as const,
  );
  const ask = async <T>(
    path: string,
    own: Parameters,
    schema: z.ZodType<T>,
    asking: Asking,
  ): Promise<Answer<T>> => {
    const query = new URLSearchParams();
    for (const [key, value] of [...scope, ...own, ...blocking(asking)]) query.append(key, value);
    const headers = { accept: 'application/json', ...(await tokenHeader(options, context)) };
    const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(deadlineMs(asking))]);
    const raw = await transport.get(`${path}?${query}`, { headers, signal }).catch((error: unknown) => {
      if (asking.signal.aborted || !signal.aborted) throw error;
      throw failed(`no answer within ${Math.round(deadlineMs(asking) / 1000)} s`);
    });
    return readAnswer(raw, schema, { maxStaleMs: options.maxStale, random });
  };
  return {
    services: async (asking) => {
      const own = [...nodeMeta, ...pair('filter', options.filter)];
      const answer = await ask('/v1/catalog/services', own, catalogServices, asking).catch(
        async (error: unknown) => {
          throw await withDatacenters(error, { options, context, signal: asking.signal });
        },
      );
      return { ...answer, value: new Map(Object.entries(answer.value)) };
    },
    health: (service, asking) => {
      const tags = (options.tags ?? []).map((tag) => ['tag', tag] as const);
      const own = [...tags, ...nodeMeta, ...pair('filter', options.healthFilter)];
      return ask(`/v1/health/service/${encodeURIComponent(service)}`, own, healthEntries, asking);
    },
    states: (asking) => ask('/v1/health/state/any', nodeMeta, stateChecks, asking),
  };
}

function pair(name: string, value: string | undefined): Parameters {
  return value === undefined ? [] : [[name, value]];
}

function blocking({ index, waitMs, mode }: Asking): Parameters {
  const held =
    index === 0
      ? []
      : ([
          ['index', String(index)],
          ['wait', `${Math.round(waitMs)}ms`],
        ] as const);
  return [[mode, ''], ...held];
}

/** SRC6: the server adds up to a sixteenth to the wait. */
function deadlineMs({ index, waitMs }: Asking): number {
  return (index === 0 ? 0 : Math.ceil(waitMs + waitMs / 16)) + GRACE_MS;
}

interface AskingFor {
  readonly options: ConsulOptions;
  readonly context: SourceContext;
  readonly signal: AbortSignal;
}

/** A datacenter that nobody knows is a slip of the pen: the error names the right ones. */
async function withDatacenters(error: unknown, { options, context, signal }: AskingFor): Promise<unknown> {
  const { datacenter, address } = options;
  if (datacenter === undefined || !/no path to datacenter/i.test(errorText(error))) return error;
  try {
    const token = await tokenText(options, context);
    const tls = await tlsFiles(options, context);
    const known = await datacenters({ origin: new URL(address), tls, token, signal });
    return failed(`Consul has no way to the datacenter "${datacenter}"; it knows ${known.join(', ')}`, error);
  } catch {
    // It was only to say more: what failed first is what counts.
    return error;
  }
}

async function tokenHeader(options: ConsulOptions, context: SourceContext): Promise<Record<string, string>> {
  const token = await tokenText(options, context);
  return token === undefined ? {} : { 'x-consul-token': token };
}

/** Read for each question, so that a rotated token is used at once. It goes into no URL and no error. */
async function tokenText({ token }: ConsulOptions, context: SourceContext): Promise<string | undefined> {
  if (token === undefined) return undefined;
  const { secret, file } = token;
  const what = file === undefined ? `secret "${secret}"` : `file ${file}`;
  const read =
    file === undefined ? secretText(secret ?? '', context) : await fileText(file, context, MAX_TOKEN_BYTES);
  const text = read.trim();
  if (text === '') throw failed(`the token in the ${what} is empty`);
  if (!/^[\x21-\x7e]+$/.test(text))
    throw failed(`the token in the ${what} has characters that no header can carry`);
  return text;
}
