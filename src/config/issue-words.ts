import type { z } from 'zod';
import { nearest, quote } from './nearest.ts';

type Issue<Code extends z.core.$ZodIssue['code']> = Extract<z.core.$ZodIssue, { code: Code }>;

/** Words of Gateway API, Envoy and Prometheus that muster spells otherwise, for keys. */
export const OTHER_KEYS: Readonly<Record<string, string>> = {
  backendRefs: 'backends',
  parentRefs: 'listeners',
  certificateRefs: 'certificates',
  hostname: 'hostnames',
  name: 'service',
  cluster: 'service',
  clusters: 'services',
  upstream: 'backends',
  type: 'kind',
  sourceRef: 'source',
  lbPolicy: 'loadBalancing',
};

const OTHER_VALUES: Readonly<Record<string, string>> = {
  Prefix: 'PathPrefix',
  ImplementationSpecific: 'PathPrefix',
  Regex: 'RegularExpression',
  TLS: 'HTTPS',
};

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What was expected among `words`, and the one that was probably meant. */
export function valueWords(input: unknown, words: readonly string[]): { message: string; hint?: string } {
  const message =
    input === undefined
      ? `is missing: expected ${oneOf(words)}`
      : `expected ${oneOf(words)}, got ${shown(input)}`;
  if (typeof input !== 'string') return { message };
  const other = OTHER_VALUES[input];
  const meant = other !== undefined && words.includes(other) ? other : nearest(input, words);
  return meant === undefined ? { message } : { message, hint: `did you mean ${quote(meant)}?` };
}

export function typeMessage(issue: Issue<'invalid_type'>): string {
  const own = /^Invalid input/.test(issue.message) ? undefined : issue.message;
  const message = own ?? `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
  if (issue.input === undefined) return `is missing: ${message}`;
  return message.includes('got ') ? message : `${message}, got ${shown(issue.input)}`;
}

export function boundMessage(issue: Issue<'too_small' | 'too_big'>): string {
  if (!/^Too (small|big)/.test(issue.message)) return issue.message;
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  if (issue.origin === 'string') return `expected ${bound} characters`;
  return issue.origin === 'array'
    ? `expected ${bound} entries`
    : `expected ${bound}, got ${shown(issue.input)}`;
}

/** Formats of the schema library (hostname, url) have no words of ours. */
export function formatMessage({ message, format, input }: Issue<'invalid_format'>): string {
  return /^Invalid /.test(message) ? `expected a valid ${format}, got ${shown(input)}` : message;
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `one of ${words.join(', ')}`;
}

export function shown(input: unknown): string {
  if (input === undefined || input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' ? 'a map' : typeof input === 'string' ? quote(input) : String(input);
}
