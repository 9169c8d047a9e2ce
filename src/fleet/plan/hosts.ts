import type { FilterUse, HttpRoute, HttpRule } from '../../model/route.ts';
import type { HostPlan, RoutePlan } from '../plan.ts';
import { normaliseMatch } from './match.ts';
import { type Ranked, rank, sortByPrecedence } from './precedence.ts';

/** Groups the rules of all routes by hostname and puts each group in the order of precedence. */
export function planHosts(routes: readonly HttpRoute[]): readonly HostPlan[] {
  const byHostname = new Map<string, Ranked[]>();
  for (const route of routes) {
    const ranked = rankRoute(route);
    for (const hostname of hostnamesOf(route)) {
      const list = byHostname.get(hostname);
      if (list === undefined) byHostname.set(hostname, [...ranked]);
      else list.push(...ranked);
    }
  }
  return [...byHostname]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hostname, ranked]) => ({ hostname, routes: sortByPrecedence(ranked) }));
}

function hostnamesOf(route: HttpRoute): ReadonlySet<string> {
  return new Set(route.hostnames.length === 0 ? ['*'] : route.hostnames.map((name) => name.toLowerCase()));
}

function rankRoute(route: HttpRoute): readonly Ranked[] {
  return route.rules.flatMap((rule, ruleIndex) => {
    const filters = mergeFilters(route.filters, rule.filters);
    return rule.matches.map((match, matchIndex) => {
      const plan = planRoute(`${route.name}/${ruleIndex}/${matchIndex}`, rule, match, filters);
      return rank(plan, { route: route.name, rule: ruleIndex, match: matchIndex });
    });
  });
}

function planRoute(
  name: string,
  rule: HttpRule,
  match: HttpRule['matches'][number],
  filters: readonly FilterUse[],
): RoutePlan {
  const { origin, backends, timeouts, retry } = rule;
  return { name, origin, match: normaliseMatch(match), filters, backends, timeouts, retry };
}

/** The rule's own word goes before the route's; the order of the lists means nothing, so names sort. */
function mergeFilters(ofRoute: readonly FilterUse[], ofRule: readonly FilterUse[]): readonly FilterUse[] {
  if (ofRoute.length + ofRule.length < 2) return ofRoute.length === 0 ? ofRule : ofRoute;
  const byName = new Map([...ofRoute, ...ofRule].map((use) => [use.name, use]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
