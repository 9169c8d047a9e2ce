import type { GroupPlan, ListenerPlan } from '../fleet/plan.ts';
import type { Service } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import { CLUSTER_TYPE, clusterMessage, clusterResource } from './cluster.ts';
import { LISTENER_TYPE, translateListener } from './listener.ts';
import type { Message, Proto } from './proto.ts';
import { type BuildProblem, makeResource, type TranslatedResource } from './resource.ts';
import { ROUTE_CONFIGURATION_TYPE, translateRoutes } from './route-configuration.ts';

export interface Available {
  /** Names of the secrets that have been read at least once. */
  readonly secrets: ReadonlySet<string>;
}

export interface Translated {
  /** Clusters, listeners and route configurations, each kind sorted by name. */
  readonly resources: readonly TranslatedResource[];
  readonly problems: readonly BuildProblem[];
  /** What could not be built: its last good form may stay. */
  readonly failed: readonly { readonly typeUrl: string; readonly name: string }[];
}

type Part = Partial<Translated>;

/**
 * The structure of one group in Envoy's words. Pure: equal plans give equal bytes. Endpoints and
 * secrets are cells of their own (`endpoint.ts`, `secret.ts`). What breaks one of Envoy's
 * constraints is isolated and named in `problems`, the rest is complete.
 */
export function translate(plan: GroupPlan, proto: Proto, available: Available): Translated {
  const resources: TranslatedResource[] = [];
  const problems: BuildProblem[] = [];
  const failed: Translated['failed'][number][] = [];
  const take = (part: Part): void => {
    if (part.resources !== undefined) resources.push(...part.resources);
    if (part.problems !== undefined) problems.push(...part.problems);
    if (part.failed !== undefined) failed.push(...part.failed);
  };
  for (const service of plan.services) take(clusterPart(service, proto));
  for (const listener of plan.listeners) take(listenerPart(listener, proto, available));
  for (const listener of plan.listeners) take(routesPart(listener, proto));
  return { resources, problems, failed };
}

function clusterPart(service: Service, proto: Proto): Part {
  const message = clusterMessage(service, proto);
  const problems = broken(proto, CLUSTER_TYPE, message, service.origin);
  if (problems.length > 0) return { problems, failed: [failure(CLUSTER_TYPE, service.name)] };
  return { resources: [clusterResource(service, message, proto)] };
}

function listenerPart(plan: ListenerPlan, proto: Proto, { secrets: known }: Available): Part {
  const { name, origin } = plan.listener;
  const failed = [failure(LISTENER_TYPE, name)];
  const { message, problems, secrets } = translateListener(plan, proto, (secret) => known.has(secret));
  if (message === undefined) return { problems, failed };
  const violations = broken(proto, LISTENER_TYPE, message, origin);
  if (violations.length > 0) return { problems: [...problems, ...violations], failed };
  const needs = { secrets, routes: [name] };
  return {
    resources: [makeResource(proto, { type: LISTENER_TYPE, name, message, origins: [origin], needs })],
    problems,
  };
}

function routesPart(plan: ListenerPlan, proto: Proto): Part {
  const { name, origin } = plan.listener;
  const { message, problems } = translateRoutes(plan, proto);
  const routes = plan.hosts.flatMap((host) => host.routes);
  const clusters = new Set(routes.flatMap((route) => route.backends.map(({ service }) => service)));
  const resource = makeResource(proto, {
    type: ROUTE_CONFIGURATION_TYPE,
    name,
    message,
    origins: [origin, ...new Set<Origin>(routes.map((route) => route.origin))],
    needs: { clusters: [...clusters].sort() },
  });
  return { resources: [resource], problems };
}

function broken(proto: Proto, type: string, message: Message, origin: Origin): readonly BuildProblem[] {
  return proto.violations(type, message).map(({ path, message: text }) => ({
    origin,
    path,
    message: `${path}: ${text}; ${origin.object} is left out`,
  }));
}

function failure(type: string, name: string): Translated['failed'][number] {
  return { typeUrl: `type.googleapis.com/${type}`, name };
}
