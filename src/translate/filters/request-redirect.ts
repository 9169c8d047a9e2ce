import { z } from 'zod';
import type { Listener } from '../../model/config.ts';
import type { PathMatch } from '../../model/route.ts';
import type { Message } from '../proto.ts';
import { defineFilter, type RouteContext } from './filter.ts';
import { type PathModifier, PREFIX_NEEDED, pathModifier, replacePrefix } from './path-modifier.ts';

/** route.v3.RedirectAction.RedirectResponseCode */
export const REDIRECT_CODE = { 301: 0, 302: 1, 303: 2, 307: 3, 308: 4 } as const;

const schema = z.strictObject({
  scheme: z.enum(['http', 'https']).optional().describe('Default that of the request.'),
  hostname: z.hostname().optional().describe('Default that of the request.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Default that of the scheme, or of the listener where only the hostname is given.'),
  path: pathModifier.optional().describe('Default that of the request.'),
  statusCode: z.literal([301, 302, 303, 307, 308]).default(302).describe('Default 302.'),
});

type Redirect = z.output<typeof schema>;

/** Gateway API's RequestRedirect. */
export const requestRedirect = defineFilter({
  name: 'requestRedirect',
  schema: schema.describe('Answers with a redirect.'),
  route: (redirect, context) => {
    const path = redirect.path === undefined ? {} : redirectPath(redirect.path, context.match.path);
    if (path === undefined) return { problem: PREFIX_NEEDED };
    const scheme = redirect.scheme === undefined ? {} : { schemeRedirect: redirect.scheme };
    const responseCode = REDIRECT_CODE[redirect.statusCode];
    return { answer: { redirect: { ...scheme, ...target(redirect, context), ...path, responseCode } } };
  },
});

function redirectPath(modifier: PathModifier, path: PathMatch): Message | undefined {
  if (modifier.type === 'ReplaceFullPath') return { pathRedirect: modifier.replaceFullPath };
  return replacePrefix(path, modifier.replacePrefixMatch);
}

const DEFAULT_PORT = { http: 80, https: 443 } as const;

/**
 * Host and port of the target. The port is the one asked for, else that of the scheme asked for,
 * else (with another hostname) the listener's. With neither, the client's own port stays: behind a
 * load balancer it is the only right one. A default port is not written where that can be helped:
 * Envoy drops the request's port only when it is given one, so the host is written out instead if
 * it is known.
 */
function target(
  { scheme, hostname, port }: Redirect,
  { listener, hostname: matched }: RouteContext,
): Message {
  const wanted = port ?? (scheme === undefined ? undefined : DEFAULT_PORT[scheme]);
  const host = hostname ?? (wanted === undefined || matched.startsWith('*') ? undefined : matched);
  const chosen = wanted ?? (hostname === undefined ? undefined : listener.port);
  const own = schemeOf(listener);
  const isDefault = chosen === DEFAULT_PORT[scheme ?? own];
  const plain = isDefault && (host !== undefined || listener.port === DEFAULT_PORT[own]);
  return {
    ...(host === undefined ? {} : { hostRedirect: host }),
    ...(chosen === undefined || plain ? {} : { portRedirect: chosen }),
  };
}

function schemeOf(listener: Listener): 'http' | 'https' {
  return listener.protocol === 'HTTPS' ? 'https' : 'http';
}
