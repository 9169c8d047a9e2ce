import type { HttpMatch, NamedMatch, PathMatch } from '../model/route.ts';
import type { Message } from './proto.ts';

/** envoy.config.route.v3.RouteMatch of one Gateway API match. */
export function routeMatch({ path, headers, queryParams, method }: HttpMatch): Message {
  const headerMatchers = headers.map((header) => ({ name: header.name, stringMatch: stringMatch(header) }));
  if (method !== undefined) headerMatchers.push({ name: ':method', stringMatch: { exact: method } });
  return {
    ...pathMatch(path),
    ...(headerMatchers.length === 0 ? {} : { headers: headerMatchers }),
    ...(queryParams.length === 0 ? {} : { queryParameters: queryParams.map(queryMatch) }),
  };
}

/** Prefixes match on segment borders: `/shop` takes `/shop` and `/shop/x`, not `/shopping`. */
function pathMatch({ type, value }: PathMatch): Message {
  if (type === 'Exact') return { path: value };
  if (type === 'RegularExpression') return { safeRegex: { regex: value } };
  return value === '/' ? { prefix: '/' } : { pathSeparatedPrefix: value };
}

function queryMatch(match: NamedMatch): Message {
  return { name: match.name, stringMatch: stringMatch(match) };
}

function stringMatch({ type, value }: NamedMatch): Message {
  return type === 'Exact' ? { exact: value } : { safeRegex: { regex: value } };
}
