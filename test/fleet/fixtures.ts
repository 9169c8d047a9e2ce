import type { CompleteReport, FailureReport } from '../../src/discovery/source.ts';
import type { SourceKinds } from '../../src/fleet/world/source-state.ts';
import type { Config, Group, Listener, Service, SourceConfig } from '../../src/model/config.ts';
import { type Endpoint, type Instance, NO_LOCALITY } from '../../src/model/instance.ts';
import type { HttpRoute } from '../../src/model/route.ts';

/** The label by which services of the made-up sources are selected. */
export const LABEL = 'test.service';
export const sourceKinds: SourceKinds = () => ({ serviceLabel: LABEL });

interface Parts {
  readonly sources?: readonly SourceConfig[];
  readonly secrets?: readonly string[];
  readonly services?: readonly Service[];
  readonly listeners?: readonly Listener[];
  readonly httpRoutes?: readonly HttpRoute[];
  readonly groups?: readonly Group[];
  readonly hash?: string;
}

export function configOf(parts: Parts): Config {
  const secrets = (parts.secrets ?? []).map((name) => {
    return { name, origin: { object: `secrets/${name}` }, kind: 'tls', store: 'file', ref: {} } as const;
  });
  return {
    sources: named(parts.sources ?? []),
    secretStores: new Map(),
    secrets: named(secrets),
    services: named(parts.services ?? []),
    listeners: named(parts.listeners ?? []),
    httpRoutes: named(parts.httpRoutes ?? []),
    groups: named(parts.groups ?? []),
    hash: parts.hash ?? 'hash',
  };
}

export function source(name: string, options: unknown = {}): SourceConfig {
  const origin = { object: `sources/${name}` };
  return { name, origin, kind: 'test', options, relabel: [], allowAddresses: [] };
}

/** A service that selects from `sources` by its own name; without any it has inline endpoints only. */
export function service(name: string, sources: readonly string[], over: Partial<Service> = {}): Service {
  return {
    name,
    origin: { object: `services/${name}`, file: 'muster.yaml', line: 1 },
    from: sources.map((one) => {
      return { source: one, service: name, where: new Map(), port: { kind: 'default' }, priority: 0 };
    }),
    endpoints: [],
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 5000,
    protocol: 'http1',
    ...over,
  };
}

export function listener(name: string, secrets: readonly string[] = []): Listener {
  const rest = { name, origin: { object: `listeners/${name}` }, address: '0.0.0.0', port: 10_000 };
  if (secrets.length === 0) return { ...rest, protocol: 'HTTP' };
  const certificates = secrets.map((secret) => ({ secret, hostnames: [`${secret}.test`] }));
  const tls = { certificates, minVersion: '1.2', maxVersion: '1.3', alpn: ['http/1.1'] } as const;
  return { ...rest, protocol: 'HTTPS', tls };
}

export function route(name: string, listeners: readonly string[], services: readonly string[]): HttpRoute {
  const origin = { object: `httpRoutes/${name}` };
  const match = { path: { type: 'PathPrefix', value: `/${name}` }, headers: [], queryParams: [] } as const;
  const backends = services.map((one) => ({ service: one, weight: 1 }));
  const rules = [{ origin, matches: [match], filters: [], backends, timeouts: {} }];
  return { name, origin, listeners, hostnames: [], filters: [], rules };
}

export function group(name: string, listeners: readonly string[], over: Partial<Group> = {}): Group {
  const match = { cluster: name, metadata: new Map<string, string>() };
  const origin = { object: `groups/${name}`, file: 'muster.yaml', line: 9 };
  return { name, origin, match, listeners, identities: [], allowEmpty: false, ...over };
}

/** An instance of the service `of`, at an address that `id` decides. */
export function instance(of: string, id: number, over: Partial<Instance> = {}): Instance {
  return {
    id: `${of}-${id}`,
    address: `10.0.${id >> 8}.${id & 255}`,
    ports: { '': 8080 },
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels: { [LABEL]: of },
    ...over,
  };
}

export function instances(of: string, ids: readonly number[]): readonly Instance[] {
  return ids.map((id) => instance(of, id));
}

export function endpoint(id: number): Endpoint {
  return {
    address: `10.0.${id >> 8}.${id & 255}`,
    port: 8080,
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    priority: 0,
  };
}

export function complete(
  scope: string,
  held: readonly Instance[],
  reason: 'stated' | undefined = undefined,
): CompleteReport {
  return { kind: 'complete', scope, instances: held, reason };
}

export function failure(scope: string, text = 'no answer'): FailureReport {
  return { kind: 'failure', scope, error: new Error(text) };
}

function named<Item extends { readonly name: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, item]));
}
