import { z } from 'zod';
import type { PathMatch } from '../../model/route.ts';
import { duration, hostname, name, oneKey, regexFault } from '../scalars.ts';
import { backendSubset } from './subsets.ts';

const RETRY_WORDS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;

type AddIssue = { addIssue(issue: { code: 'custom'; path?: (string | number)[]; message: string }): void };

function checkPath(value: PathMatch, path: (string | number)[], context: AddIssue): void {
  const fault = value.type === 'RegularExpression' ? regexFault(value.value) : pathFault(value.value);
  if (fault !== undefined) context.addIssue({ code: 'custom', path, message: fault });
}

function pathFault(value: string): string | undefined {
  if (!value.startsWith('/')) return 'a path begins with "/"';
  if (/\/\/|\/\.\.?(\/|$)|%2f|[#?\s]/i.test(value))
    return 'a path holds no "//", "/./", "/../", "%2f", "#", "?" or space: Envoy compares it after normalising';
  return value.length > 1024 ? 'a path has at most 1024 characters' : undefined;
}

const path = z.union([
  z
    .string()
    .transform((value): PathMatch => ({ type: 'PathPrefix', value }))
    .superRefine((value, context) => checkPath(value, [], context)),
  z
    .strictObject({
      type: z
        .enum(['Exact', 'PathPrefix', 'RegularExpression'])
        .default('PathPrefix')
        .describe('Exact, PathPrefix (on segment borders) or RegularExpression (RE2). Default PathPrefix.'),
      value: z.string().describe('The path.'),
    })
    .superRefine((value, context) => checkPath(value, ['value'], context)),
]);

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_|~`]+$/;

function namedMatch(what: string) {
  return z
    .strictObject({
      type: z
        .enum(['Exact', 'RegularExpression'])
        .default('Exact')
        .describe('Exact or RegularExpression (RE2). Default Exact.'),
      name: z
        .string()
        .min(1)
        .max(256)
        .regex(TOKEN, `expected the name of a ${what}`)
        .describe(`Name of the ${what}.`),
      value: z.string().max(4096).describe('Value, or the regular expression.'),
    })
    .superRefine((value, context) => {
      const fault = value.type === 'RegularExpression' ? regexFault(value.value) : undefined;
      if (fault !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: fault });
    });
}

const match = z
  .strictObject({
    path: path.optional().describe('Path, as text (a prefix) or { type, value }. Default the prefix "/".'),
    headers: z
      .array(namedMatch('header').transform((value) => ({ ...value, name: value.name.toLowerCase() })))
      .default([])
      .describe('Headers; all must hold.'),
    queryParams: z
      .array(namedMatch('query parameter'))
      .default([])
      .describe('Query parameters; all must hold.'),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
      .optional()
      .describe('HTTP method. Default any.'),
  })
  .transform((value) => ({ ...value, path: value.path ?? { type: 'PathPrefix' as const, value: '/' } }));

const retry = z.strictObject({
  attempts: z.int().min(1).max(100).default(1).describe('Retries after the first try. Default 1.'),
  on: z
    .array(z.enum(RETRY_WORDS))
    .default(['connect-failure', 'refused-stream'])
    .describe(
      "Envoy's retry_on words. Default connect-failure, refused-stream: the request never reached the upstream.",
    ),
  codes: z.array(z.int().min(400).max(599)).default([]).describe('Status codes to retry.'),
  backoff: z
    .strictObject({
      base: duration.describe('First pause.'),
      max: duration.optional().describe('Longest pause. Default ten times the first.'),
    })
    .transform((value) => ({ baseMs: value.base, maxMs: value.max }))
    .refine(
      (value) => value.baseMs > 0 && (value.maxMs ?? value.baseMs) >= value.baseMs,
      'expected 0 < base <= max',
    )
    .optional()
    .describe('Pause between tries.'),
});

const timeouts = z
  .strictObject({
    request: duration.optional().describe('Whole request, retries included; 0s turns it off.'),
    backendRequest: duration.optional().describe('One try; 0s turns it off.'),
  })
  .refine(
    (value) => !value.request || !value.backendRequest || value.backendRequest <= value.request,
    'backendRequest is longer than request',
  )
  .transform((value) => ({ requestMs: value.request, backendRequestMs: value.backendRequest }));

export type FilterSchemas = ReadonlyMap<string, { readonly schema: z.ZodType }>;

/** The route's schema: the filters' part comes from their registry. */
export function httpRouteSchema(filters: FilterSchemas) {
  const use = oneKey(
    Object.fromEntries([...filters].map(([key, filter]) => [key, filter.schema])),
    'one filter',
  ).transform(({ kind, value }) => ({ name: kind, config: value }));
  const uses = z.array(use).superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, { name: filter }] of list.entries()) {
      if (seen.has(filter))
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `the filter ${filter} is written twice in one list`,
        });
      seen.add(filter);
    }
  });
  const rule = z.strictObject({
    matches: z.array(match).optional().describe('Any of them must hold. Default the prefix "/".'),
    filters: uses.default([]).describe('What is done to requests of this rule.'),
    backends: z
      .array(
        z.strictObject({
          service: name.describe('A name in `services`.'),
          weight: z
            .int()
            .min(0)
            .max(1_000_000)
            .default(1)
            .describe('Share: weight / sum of weights. Default 1.'),
          subset: backendSubset,
        }),
      )
      .default([])
      .describe('Where requests go.'),
    timeouts: timeouts.default({ requestMs: undefined, backendRequestMs: undefined }).describe('Timeouts.'),
    retry: retry.optional().describe('Retries. Default none.'),
  });
  return z.strictObject({
    listeners: z.array(name).min(1, 'expected at least one listener').describe('Names in `listeners`.'),
    hostnames: z.array(hostname).default([]).describe('Hosts, exact or "*.example.com". Default every host.'),
    filters: uses.default([]).describe('Apply to every rule that does not name the same filter.'),
    rules: z
      .array(rule)
      .min(1, 'expected at least one rule')
      .describe('Rules; precedence is that of Gateway API.'),
  });
}
