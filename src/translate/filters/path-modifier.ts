import { RE2JS } from 're2js';
import { z } from 'zod';
import type { PathMatch } from '../../model/route.ts';
import type { Message } from '../proto.ts';

const pathValue = z.string().regex(/^\/[^?#\s]*$/, 'expected a path that starts with / and has no query');

/** Gateway API's HTTPPathModifier. */
export const pathModifier = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ReplaceFullPath').describe('ReplaceFullPath: another path for all.'),
    replaceFullPath: pathValue.describe('The new path; the query stays.'),
  }),
  z.strictObject({
    type: z.literal('ReplacePrefixMatch').describe('ReplacePrefixMatch: another beginning, the rest stays.'),
    replacePrefixMatch: z
      .union([pathValue, z.literal('')])
      .describe('Put in the place of the prefix that matched.'),
  }),
]);

export type PathModifier = z.output<typeof pathModifier>;

export const PREFIX_NEEDED = 'ReplacePrefixMatch works only where the path is matched by PathPrefix or Exact';

/**
 * `prefixRewrite` or `regexRewrite` (RouteAction and RedirectAction call them alike) so that the
 * slashes come out as Gateway API's table says: `/foo` -> `/` makes `/bar` of `/foo/bar`, never
 * `//bar`. Undefined where the path is matched by a regular expression: there is no prefix then.
 */
export function replacePrefix(path: PathMatch, replacement: string): Message | undefined {
  if (path.type === 'RegularExpression') return undefined;
  const to = replacement.replace(/\/+$/, '');
  if (path.type === 'Exact') return fullPath(to === '' ? '/' : to);
  if (path.value === '/') return { prefixRewrite: `${to}/` };
  if (to !== '') return { prefixRewrite: to };
  return regexRewrite(`^${RE2JS.quote(path.value)}/*`, '/');
}

/** The query stays: Envoy rewrites only the path. */
export function fullPath(path: string): Message {
  return regexRewrite('^/.*$', path);
}

function regexRewrite(regex: string, substitution: string): Message {
  return { regexRewrite: { pattern: { regex }, substitution: substitution.replaceAll('\\', '\\\\') } };
}
