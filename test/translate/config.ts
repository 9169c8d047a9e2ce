import { parse } from 'yaml';
import type { Config, Group, Listener, Service } from '../../src/model/config.ts';
import { type Endpoint, type Health, NO_LOCALITY } from '../../src/model/instance.ts';
import type { FilterUse, HttpRoute, HttpRule } from '../../src/model/route.ts';
import { FILTERS } from '../../src/translate/filters/index.ts';

/** The user's YAML as the tests of plan and translation need it; `src/config` reads the real thing. */
interface Written {
  readonly services?: Record<string, WrittenService>;
  readonly listeners?: Record<string, Partial<Listener>>;
  readonly httpRoutes?: Record<string, WrittenRoute>;
  readonly groups?: Record<string, Partial<Group>>;
}

interface WrittenService {
  readonly endpoints?: readonly (string | WrittenEndpoint)[];
  readonly loadBalancing?: { readonly leastRequest?: { readonly choices?: number } };
  readonly connectTimeoutMs?: number;
  readonly protocol?: Service['protocol'];
}

interface WrittenEndpoint {
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly health?: Health;
  readonly weight?: number;
  readonly priority?: number;
}

type WrittenFilters = readonly Record<string, unknown>[];

interface WrittenRoute {
  readonly listeners: readonly string[];
  readonly hostnames?: readonly string[];
  readonly filters?: WrittenFilters;
  readonly rules: readonly WrittenRule[];
}

interface WrittenRule extends Partial<Pick<HttpRule, 'timeouts'>> {
  readonly matches?: readonly Partial<HttpRule['matches'][number]>[];
  readonly filters?: WrittenFilters;
  readonly backends?: readonly { readonly service: string; readonly weight?: number }[];
  readonly retry?: Partial<NonNullable<HttpRule['retry']>> & { readonly attempts: number };
}

/** Throws where a filter's config does not pass its schema. */
export function configFrom(yaml: string): Config {
  // The border: the tests' own YAML, trusted.
  const written = parse(yaml) as Written;
  return {
    sources: new Map(),
    secretStores: new Map(),
    secrets: new Map(),
    services: mapOf('services', written.services, readService),
    listeners: mapOf('listeners', written.listeners, readListener),
    httpRoutes: mapOf('httpRoutes', written.httpRoutes, readRoute),
    groups: mapOf('groups', written.groups, readGroup),
    hash: '',
  };
}

function mapOf<W, T>(
  collection: string,
  entries: Record<string, W> = {},
  read: (name: string, written: W) => T,
): ReadonlyMap<string, T & { name: string; origin: { object: string } }> {
  return new Map(
    Object.entries(entries).map(([name, written]) => [
      name,
      { ...read(name, written), name, origin: { object: `${collection}/${name}` } },
    ]),
  );
}

function readService(_name: string, written: WrittenService): Omit<Service, 'name' | 'origin'> {
  const { leastRequest } = written.loadBalancing ?? {};
  return {
    from: [],
    endpoints: (written.endpoints ?? []).map(readEndpoint),
    loadBalancing:
      leastRequest === undefined
        ? { policy: 'roundRobin' }
        : { policy: 'leastRequest', choices: leastRequest.choices ?? 2 },
    connectTimeoutMs: written.connectTimeoutMs ?? 5000,
    protocol: written.protocol ?? 'http1',
  };
}

function readEndpoint(written: string | WrittenEndpoint): Endpoint {
  if (typeof written !== 'string') {
    const { zone = '', health = 'HEALTHY', priority = 0, address, port, weight } = written;
    const locality = zone === '' ? NO_LOCALITY : { region: '', zone, subZone: '' };
    return { address, port, weight, health, priority, locality };
  }
  const colon = written.lastIndexOf(':');
  const address = written.slice(0, colon).replace(/^\[|\]$/g, '');
  return {
    address,
    port: Number(written.slice(colon + 1)),
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    priority: 0,
  };
}

function readListener(_name: string, written: Partial<Listener>): Omit<Listener, 'name' | 'origin'> {
  const { address = '127.0.0.1', port = 0, protocol = 'HTTP', tls, redirectToHttps } = written;
  const defaults = { minVersion: '1.2', maxVersion: '1.3', alpn: ['h2', 'http/1.1'] } as const;
  const withNames =
    tls === undefined
      ? undefined
      : {
          ...defaults,
          ...tls,
          certificates: tls.certificates.map((certificate) => ({ ...{ hostnames: [] }, ...certificate })),
        };
  return { address, port, protocol, tls: withNames, redirectToHttps };
}

function readRoute(name: string, written: WrittenRoute): Omit<HttpRoute, 'name' | 'origin'> {
  return {
    listeners: written.listeners,
    hostnames: written.hostnames ?? [],
    filters: readFilters(written.filters),
    rules: written.rules.map((rule, index) => readRule(`httpRoutes/${name}`, index, rule)),
  };
}

function readRule(object: string, index: number, written: WrittenRule): HttpRule {
  const root = { type: 'PathPrefix', value: '/' } as const;
  const matches = written.matches ?? [{}];
  const { retry } = written;
  return {
    origin: { object, line: index + 1 },
    matches: matches.map((match) => ({ path: root, headers: [], queryParams: [], ...match })),
    filters: readFilters(written.filters),
    backends: (written.backends ?? []).map(({ service, weight = 1 }) => ({ service, weight })),
    timeouts: written.timeouts ?? {},
    retry: retry === undefined ? undefined : { on: [], codes: [], ...retry },
  };
}

function readFilters(written: WrittenFilters = []): readonly FilterUse[] {
  return written.flatMap((entry) =>
    Object.entries(entry).map(([name, config]) => {
      const filter = FILTERS.find((known) => known.name === name);
      return { name, config: filter === undefined ? config : filter.schema.parse(config) };
    }),
  );
}

function readGroup(name: string, written: Partial<Group>): Omit<Group, 'name' | 'origin'> {
  return {
    match: { cluster: name, metadata: new Map() },
    listeners: written.listeners ?? [],
    identities: [],
    allowEmpty: false,
  };
}
