import type { RoutePlan } from '../plan.ts';

/** Where a match was written, the last word between equals. */
export interface Place {
  readonly route: string;
  readonly rule: number;
  readonly match: number;
}

export interface Ranked {
  readonly plan: RoutePlan;
  readonly place: Place;
  /** Larger goes first, compared number by number. */
  readonly key: readonly number[];
}

/**
 * Gateway API's precedence (HTTPRouteRule.matches): exact path, then the longest prefix; then a
 * method; then most headers; then most query parameters. What it leaves to us: a regular expression
 * stands between exact and prefix (a catch-all prefix would hide it otherwise), the longer one first.
 * Between equals the route's name decides and then the order within the route, so that neither the
 * order of files nor the order of keys matters.
 */
export function rank(plan: RoutePlan, place: Place): Ranked {
  const { path, method, headers, queryParams } = plan.match;
  const key = [
    PATH_RANK[path.type],
    path.value.length,
    method === undefined ? 0 : 1,
    headers.length,
    queryParams.length,
  ];
  return { plan, place, key };
}

export function sortByPrecedence(ranked: readonly Ranked[]): readonly RoutePlan[] {
  return ranked.toSorted(compare).map(({ plan }) => plan);
}

const PATH_RANK = { Exact: 2, RegularExpression: 1, PathPrefix: 0 } as const;

function compare(a: Ranked, b: Ranked): number {
  for (let index = 0; index < a.key.length; index++) {
    const difference = (b.key[index] ?? 0) - (a.key[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.place.route !== b.place.route) return a.place.route < b.place.route ? -1 : 1;
  return a.place.rule - b.place.rule || a.place.match - b.place.match;
}
