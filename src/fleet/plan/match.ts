import type { HttpMatch, NamedMatch, PathMatch } from '../../model/route.ts';

/**
 * One spelling for matches that mean the same. A prefix loses its trailing slash (`/shop` and
 * `/shop/` are the same prefix; the root stays `/`); of several matches on one header (names are
 * case-blind) or one query parameter only the first counts (Gateway API, HTTPHeaderMatch.name).
 */
export function normaliseMatch(match: HttpMatch): HttpMatch {
  return {
    path: normalisePath(match.path),
    headers: distinct(match.headers.map((header) => ({ ...header, name: header.name.toLowerCase() }))),
    queryParams: distinct(match.queryParams),
    method: match.method,
  };
}

function normalisePath(path: PathMatch): PathMatch {
  const { type, value } = path;
  if (type !== 'PathPrefix' || (value !== '' && !value.endsWith('/'))) return path;
  let end = value.length;
  while (value[end - 1] === '/') end -= 1;
  return { type, value: value.slice(0, end) || '/' };
}

function distinct(matches: readonly NamedMatch[]): readonly NamedMatch[] {
  if (matches.length < 2) return matches;
  const seen = new Set<string>();
  return matches.filter(({ name }) => !seen.has(name) && seen.add(name));
}
