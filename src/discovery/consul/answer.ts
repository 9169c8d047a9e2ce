import type { z } from 'zod';
import type { MusterError } from '../../errors.ts';
import { RetryLater, throttledWaitMs } from '../poll.ts';
import { failed } from './fault.ts';
import type { RawAnswer } from './transport.ts';

/** One answer of Consul, and what its headers say of how far it may be believed. */
export interface Answer<T> {
  readonly value: T;
  /** 0: it had none. */
  readonly index: number;
  /** A server without a leader, or one that is too far behind, is not believed. */
  readonly trusted: boolean;
  /** Why it is not, in words. */
  readonly doubt: string | undefined;
  /** Out of the view that an agent keeps of a service: it says nothing of a leader. */
  readonly streamed: boolean;
  /** The token may not see all of it. */
  readonly filtered: boolean;
}

const MOST_TEXT = 200;

export function readAnswer<T>(
  raw: RawAnswer,
  schema: z.ZodType<T>,
  { maxStaleMs, random }: { readonly maxStaleMs: number; readonly random: () => number },
): Answer<T> {
  if (raw.status !== 200) throw refused(raw, random);
  const streamed = raw.header('x-consul-query-backend') === 'streaming';
  const doubt = doubtOf(raw, maxStaleMs, streamed);
  return {
    value: parse(raw, schema),
    index: indexOf(raw),
    trusted: doubt === undefined,
    doubt,
    streamed,
    filtered: raw.header('x-consul-results-filtered-by-acls') === 'true',
  };
}

function indexOf(raw: RawAnswer): number {
  const index = Number(raw.header('x-consul-index') ?? '0');
  return Number.isSafeInteger(index) && index > 0 ? index : 0;
}

function doubtOf(raw: RawAnswer, maxStaleMs: number, streamed: boolean): string | undefined {
  // The streaming backend answers every blocking health query with `false`, leader or not.
  if (!streamed && raw.header('x-consul-knownleader') === 'false') return 'Consul has no leader';
  const behind = Number(raw.header('x-consul-lastcontact') ?? '0');
  if (behind <= maxStaleMs) return undefined;
  return `the server that answered is ${behind} ms behind its leader (maxStale is ${maxStaleMs} ms)`;
}

function parse<T>(raw: RawAnswer, schema: z.ZodType<T>): T {
  const type = raw.header('content-type') ?? '';
  if (!type.startsWith('application/json'))
    throw failed(
      `the answer is ${type === '' ? 'of no type' : type}, not JSON: is this the address of a Consul?`,
    );
  let value: unknown;
  try {
    value = JSON.parse(raw.body.toString('utf8'));
  } catch (cause) {
    throw failed('the answer is cut short or no JSON', cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw failed(
    `the answer is not Consul's: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    parsed.error,
  );
}

function refused(raw: RawAnswer, random: () => number): MusterError {
  const text = firstLine(raw.body.toString('utf8'));
  switch (raw.status) {
    case 429: {
      const asked = Number(raw.header('retry-after') ?? '');
      const waitMs = asked > 0 ? asked * 1000 : throttledWaitMs(random);
      return new RetryLater('Consul has had too many requests (429)', waitMs);
    }
    case 403:
      return failed(
        `Consul refuses the token (403: ${text}): it needs service:read and node:read; the token is read anew for each try`,
      );
    case 400:
      return notUnderstood(raw.status, text);
    default:
      if (/expression evaluator/.test(text)) return notUnderstood(raw.status, text);
      return failed(`Consul answered ${raw.status}: ${text}`);
  }
}

/** Some of its paths answer a filter that is none with 500. */
function notUnderstood(status: number, text: string): MusterError {
  return failed(
    `Consul does not understand the question (${status}: ${text}): look at filter, healthFilter and datacenter`,
  );
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT)}…` : line;
}
