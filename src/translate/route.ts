import type { RoutePlan } from '../fleet/plan.ts';
import type { Listener } from '../model/config.ts';
import type { FilterUse } from '../model/route.ts';
import type { Filter, RouteContext, RouteEdit } from './filters/filter.ts';
import { FILTERS } from './filters/index.ts';
import type { Message, PackedAny, Proto } from './proto.ts';
import type { BuildProblem } from './resource.ts';
import { routeAction } from './route-action.ts';
import { routeMatch } from './route-match.ts';

const ROUTE_TYPE = 'envoy.config.route.v3.Route';

export interface TranslatedRoute {
  /** Empty where even its match is refused: the route is left out. */
  readonly messages: readonly Message[];
  readonly problems: readonly BuildProblem[];
}

interface Place {
  readonly listener: Listener;
  readonly hostname: string;
}

/**
 * One match of one rule. A rule that cannot be served as written keeps its match and answers 500:
 * left out, its requests would fall to a wider rule that was never meant for them.
 */
export function translateRoute(route: RoutePlan, place: Place, proto: Proto): TranslatedRoute {
  const context: RouteContext = { proto, ...place, match: route.match };
  const edits = editsOf(route.filters, context);
  const wrong = edits.flatMap(({ problem }) => problem ?? []);
  if (edits.filter(({ answer }) => answer !== undefined).length > 1) {
    wrong.push('requestRedirect and directResponse cannot stand together');
  }
  if (wrong.length > 0) return refused(route, wrong, proto);
  const message = routeMessage(route, edits, proto);
  const broken = proto.violations(ROUTE_TYPE, message);
  if (broken.length === 0) return { messages: [message, ...alsoMatching(edits, message)], problems: [] };
  return refused(
    route,
    broken.map(({ path, message: text }) => `${path}: ${text}`),
    proto,
  );
}

function routeMessage(route: RoutePlan, edits: readonly RouteEdit[], proto: Proto): Message {
  const perFilter = Object.assign({}, ...edits.map((edit) => edit.perFilter)) as Record<string, PackedAny>;
  return {
    name: route.name,
    match: routeMatch(route.match),
    ...answerOrForward(route, edits, proto),
    ...joined(edits),
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
  };
}

function alsoMatching(edits: readonly RouteEdit[], message: Message): readonly Message[] {
  return edits.flatMap(({ alsoMatch }) =>
    alsoMatch === undefined ? [] : [{ ...message, match: routeMatch(alsoMatch) }],
  );
}

/** No backend at all, or none with any weight: 500 (Gateway API, HTTPRouteRule.backendRefs). */
const NO_BACKEND: Message = { directResponse: { status: 500 } };

function answerOrForward(route: RoutePlan, edits: readonly RouteEdit[], proto: Proto): Message {
  const answer = edits.find((edit) => edit.answer !== undefined)?.answer;
  if (answer !== undefined) return answer;
  const action = routeAction(route, proto);
  if (action === undefined) return NO_BACKEND;
  return { route: Object.assign({}, action, ...edits.map((edit) => edit.action)) };
}

function joined(edits: readonly RouteEdit[]): Message {
  const fields: Record<string, unknown> = {};
  for (const { route = {} } of edits) {
    for (const [field, value] of Object.entries(route)) {
      const before = fields[field];
      fields[field] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
    }
  }
  return fields;
}

function editsOf(uses: readonly FilterUse[], context: RouteContext): readonly RouteEdit[] {
  if (uses.length === 0) return [];
  const known = FILTERS.flatMap((filter) =>
    uses.filter(({ name }) => name === filter.name).map((use) => edit(filter, use, context)),
  );
  const unknown = uses.filter(({ name }) => !FILTERS.some((filter) => filter.name === name));
  return [...known, ...unknown.map(({ name }) => ({ problem: `there is no filter "${name}"` }))];
}

function edit(filter: Filter, { config }: FilterUse, context: RouteContext): RouteEdit {
  const result = filter.route(config, context);
  return result.problem === undefined ? result : { problem: `${filter.name}: ${result.problem}` };
}

function refused(route: RoutePlan, reasons: readonly string[], proto: Proto): TranslatedRoute {
  const message = { name: route.name, match: routeMatch(route.match), ...NO_BACKEND };
  const matches = proto.violations(ROUTE_TYPE, message).length === 0;
  const effect = matches ? 'requests that match it get 500' : 'the rule is left out';
  const problems = reasons.map((reason) => ({
    origin: route.origin,
    path: route.name,
    message: `${reason}; ${effect}`,
  }));
  return { messages: matches ? [message] : [], problems };
}
