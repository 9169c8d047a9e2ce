import type { Config, Group, Listener, Service } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import type { Backend, FilterUse, HttpMatch, HttpRoute, Retry } from '../model/route.ts';
import { type ChainPlan, planChains } from './plan/chains.ts';
import { planHosts } from './plan/hosts.ts';
import { groupSecrets } from './plan/secrets.ts';

/** What should be true for one group of proxies: readonly, sorted, no Envoy type in it. */
export interface GroupPlan {
  readonly group: string;
  readonly origin: Origin;
  /** Sorted by name. */
  readonly listeners: readonly ListenerPlan[];
  /** Only those that some route of these listeners names; sorted by name. */
  readonly services: readonly Service[];
  /** Those of the services whose endpoints travel apart: the proxy resolves the others by itself. */
  readonly cells: readonly Service[];
  /** Names of the secrets that the listeners need; sorted. */
  readonly secrets: readonly string[];
}

export interface ListenerPlan {
  readonly listener: Listener;
  /** Filter chains by configured hostnames; empty on a plaintext listener. */
  readonly chains: readonly ChainPlan[];
  /** Empty where the listener only redirects to https. */
  readonly hosts: readonly HostPlan[];
}

/**
 * The routes of one hostname, in the order in which they are tried: the first that matches wins.
 * The most specific hostname that fits a request decides alone; a request that none of its routes
 * matches gets 404 and does not fall through to a wider hostname.
 */
export interface HostPlan {
  /** Exact, `*.example.com`, or `*` for every other host. Lower case. */
  readonly hostname: string;
  readonly routes: readonly RoutePlan[];
}

/** One match of one rule. */
export interface RoutePlan {
  /** `<route>/<rule>/<match>`, counted from 0: for people who read stats and errors. */
  readonly name: string;
  /** Where the rule stands. */
  readonly origin: Origin;
  readonly match: HttpMatch;
  /** The rule's filters and those of the route that the rule does not name itself. */
  readonly filters: readonly FilterUse[];
  readonly backends: readonly Backend[];
  readonly timeouts: {
    readonly requestMs?: number | undefined;
    readonly backendRequestMs?: number | undefined;
  };
  readonly retry?: Retry | undefined;
}

export type { ChainPlan } from './plan/chains.ts';

/** The plan of one group. Throws a RangeError where the group is not in the config: the caller asks for names it read there. */
export function buildPlan(config: Config, group: string): GroupPlan {
  const found = config.groups.get(group);
  if (found === undefined) throw new RangeError(`no group "${group}" in the config`);
  const routes = routesByListener(config);
  const listeners = listenersOf(config, found).map((listener) => planListener(listener, routes));
  const services = servicesOf(config, listeners);
  return {
    group,
    origin: found.origin,
    listeners,
    services,
    cells: services.filter(({ hosts }) => hosts === undefined),
    secrets: [...groupSecrets(config, group)].sort(),
  };
}

function planListener(listener: Listener, routes: ReadonlyMap<string, readonly HttpRoute[]>): ListenerPlan {
  const attached = listener.redirectToHttps === undefined ? (routes.get(listener.name) ?? []) : [];
  return { listener, chains: planChains(listener), hosts: planHosts(attached) };
}

function listenersOf(config: Config, group: Group): readonly Listener[] {
  const names = [...new Set(group.listeners)].sort();
  return names.flatMap((name) => config.listeners.get(name) ?? []);
}

function routesByListener(config: Config): ReadonlyMap<string, readonly HttpRoute[]> {
  const byListener = new Map<string, HttpRoute[]>();
  for (const route of config.httpRoutes.values()) {
    for (const listener of new Set(route.listeners)) {
      const list = byListener.get(listener);
      if (list === undefined) byListener.set(listener, [route]);
      else list.push(route);
    }
  }
  return byListener;
}

function servicesOf(config: Config, listeners: readonly ListenerPlan[]): readonly Service[] {
  const names = new Set<string>();
  for (const { hosts } of listeners)
    for (const { routes } of hosts)
      for (const { backends } of routes) for (const { service } of backends) names.add(service);
  return [...names].sort().flatMap((name) => config.services.get(name) ?? []);
}
