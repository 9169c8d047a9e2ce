import { RE2JS } from 're2js';
import { z } from 'zod';
import type { HttpMatch } from '../../model/route.ts';
import type { Message } from '../proto.ts';
import { defineFilter } from './filter.ts';
import { headerName } from './header-edits.ts';

const NAME = 'envoy.filters.http.cors';

const origin = z
  .string()
  .regex(
    /^(\*|[a-z][a-z0-9+.-]*:\/\/(\*|(\*\.)?[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?)$/,
    'expected "*" or an origin such as https://example.com or https://*.example.com',
  );

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'] as const;

const schema = z
  .strictObject({
    allowOrigins: z
      .array(origin)
      .min(1)
      .describe('Origins, exact or with a wildcard for the host ("https://*.example.com"), or "*".'),
    allowMethods: z
      .array(z.enum([...METHODS, '*']))
      .default([])
      .describe('Methods, or "*".'),
    allowHeaders: z
      .array(z.union([z.literal('*'), headerName]))
      .default([])
      .describe('Request headers, or "*".'),
    exposeHeaders: z
      .array(z.union([z.literal('*'), headerName]))
      .default([])
      .describe('Response headers that scripts may read, or "*".'),
    maxAge: z
      .string()
      .regex(/^([0-9]+(h|m|s|ms))+$/, 'expected a duration such as 10m or 86400s')
      .default('5s')
      .describe('How long a browser may keep the answer to a preflight. Default 5s.'),
    allowCredentials: z.boolean().default(false).describe('Allow cookies and the like. Default false.'),
  })
  .refine(({ allowCredentials, exposeHeaders }) => !allowCredentials || !exposeHeaders.includes('*'), {
    message: 'browsers take "*" in exposeHeaders literally when allowCredentials is true: list the headers',
  });

type Cors = z.output<typeof schema>;

/** Gateway API's HTTPCORSFilter. A preflight is answered here and never reaches the upstream. */
export const cors = defineFilter({
  name: 'cors',
  schema: schema.describe('Lets browsers call from other origins.'),
  httpFilter: { name: NAME, type: 'envoy.extensions.filters.http.cors.v3.Cors', config: {} },
  route: (policy, { proto, match }) => ({
    ...preflightOf(match),
    perFilter: { [NAME]: proto.any('envoy.extensions.filters.http.cors.v3.CorsPolicy', corsPolicy(policy)) },
  }),
});

/** A preflight is an OPTIONS request: where the route is only for GET, it has to be taken in too. */
function preflightOf(match: HttpMatch): { alsoMatch?: HttpMatch } {
  if (match.method === undefined || match.method === 'OPTIONS') return {};
  const asked = { type: 'Exact', name: 'access-control-request-method', value: match.method } as const;
  return { alsoMatch: { ...match, method: 'OPTIONS', headers: [...match.headers, asked] } };
}

/** To `*` in methods and headers Envoy answers what the preflight asked for, which holds with credentials too. */
function corsPolicy(policy: Cors): Message {
  return {
    allowOriginStringMatch: policy.allowOrigins.map(originMatcher),
    ...list('allowMethods', policy.allowMethods),
    ...list('allowHeaders', policy.allowHeaders),
    ...list('exposeHeaders', policy.exposeHeaders),
    maxAge: String(seconds(policy.maxAge)),
    allowCredentials: { value: policy.allowCredentials },
    forwardNotMatchingPreflights: { value: false },
  };
}

function list(field: string, values: readonly string[]): Message {
  return values.length === 0 ? {} : { [field]: values.join(', ') };
}

/** `*` in a host stands for one label or more, as in hostnames; a lone `*` for every origin. */
function originMatcher(value: string): Message {
  if (!value.includes('*')) return { exact: value, ignoreCase: true };
  if (value === '*') return { safeRegex: { regex: '.*' } };
  const [before = '', after = ''] = value.split('*', 2);
  return { safeRegex: { regex: `${RE2JS.quote(before)}[A-Za-z0-9.-]+${RE2JS.quote(after)}` } };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|h|m|s)/g)];
  return Math.floor(
    parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0), 0),
  );
}
