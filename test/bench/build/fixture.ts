/** A fleet of made-up services, from config to cache, without sockets. */
import { Builder } from '../../../src/fleet/build.ts';
import { World } from '../../../src/fleet/world.ts';
import type { Config, Service } from '../../../src/model/config.ts';
import type { Endpoint, Instance } from '../../../src/model/instance.ts';
import type { HttpRoute } from '../../../src/model/route.ts';
import { publish } from '../../../src/serve/publish.ts';
import { createTranslation } from '../../../src/serve/translation.ts';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';

export const GROUP = 'edge';
export const SOURCE = 'dc';
export const LABEL = 'consul.service';
const ENDPOINTS = 20;
const ORIGIN = { object: 'groups/edge' };

export interface Fleet {
  readonly world: World;
  readonly builder: Builder;
  readonly cache: SnapshotCache;
}

/** Where the endpoints of the services come from. */
export type Kind = 'source' | 'inline';

export function configOf(services: number, kind: Kind = 'source'): Config {
  const all = Array.from({ length: services }, (_, index) => index);
  const match = { cluster: GROUP, metadata: new Map() };
  return {
    sources: named([
      { name: SOURCE, origin: ORIGIN, kind: 'bench', options: {}, relabel: [], allowAddresses: [] },
    ]),
    secretStores: new Map(),
    secrets: new Map(),
    services: named(all.map((index) => service(index, kind))),
    listeners: named([{ name: 'web', origin: ORIGIN, address: '0.0.0.0', port: 10000, protocol: 'HTTP' }]),
    httpRoutes: named(all.map(route)),
    groups: named([
      { name: GROUP, origin: ORIGIN, match, listeners: ['web'], identities: [], allowEmpty: false },
    ]),
    hash: '',
  };
}

export function createFleet(): Fleet {
  const world = new World();
  const cache = new SnapshotCache();
  let revision = 0;
  const builder = new Builder({
    world,
    translation: createTranslation(loadRegistry()),
    publish: (publication) => publish(cache, publication),
    nextRevision: () => {
      revision += 1;
      return revision;
    },
  });
  return { world, builder, cache };
}

export function configure({ world, builder }: Fleet, config: Config): void {
  world.configure(config, () => ({ serviceLabel: LABEL }));
  builder.setConfig(config);
}

/** One report, as a source gives it: `turn` is in one of the addresses. */
export function report(index: number, turn: number) {
  return { kind: 'complete', scope: `s${index}`, instances: instances(index, turn) } as const;
}

export function fill({ world }: Fleet, services: number): void {
  for (let index = 0; index < services; index += 1) world.put(SOURCE, report(index, 0), 0);
}

function instances(service: number, turn: number): readonly Instance[] {
  return Array.from({ length: ENDPOINTS }, (_, index) => {
    const { address, locality } = place(service, index, turn);
    const labels = { [LABEL]: `s${service}` };
    return { id: `${service}-${index}`, address, ports: { '': 8080 }, locality, health: 'HEALTHY', labels };
  });
}

function endpoint(service: number, index: number): Endpoint {
  return { ...place(service, index, 0), port: 8080, health: 'HEALTHY', priority: 0 };
}

function place(service: number, index: number, turn: number) {
  const host = index === 0 ? 100 + (turn % 100) : index + 1;
  const address = asParsed(`10.${service >> 8}.${service & 255}.${host}`);
  return {
    address,
    locality: { region: 'eu-west-1', zone: asParsed(`eu-west-1${'abc'[index % 3]}`), subZone: '' },
  };
}

/** What a parser gives is one piece of memory; a template's text is a chain of pieces, slow to read. */
function asParsed(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function service(index: number, kind: Kind): Service {
  const name = `s${index}`;
  const from = { source: SOURCE, service: name, where: new Map(), priority: 0 } as const;
  return {
    name,
    origin: { object: `services/${name}`, file: 'bench.yaml', line: index + 1 },
    from: kind === 'source' ? [{ ...from, port: { kind: 'default' } }] : [],
    endpoints: kind === 'source' ? [] : Array.from({ length: ENDPOINTS }, (_, at) => endpoint(index, at)),
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 5000,
    protocol: 'http1',
  };
}

function route(index: number): HttpRoute {
  const origin = { object: `httpRoutes/r${index}`, file: 'bench.yaml', line: index + 1 };
  const match = { path: { type: 'PathPrefix', value: `/s${index}` }, headers: [], queryParams: [] } as const;
  const backends = [{ service: `s${index}`, weight: 1 }];
  return {
    name: `r${index}`,
    origin,
    listeners: ['web'],
    hostnames: [],
    filters: [],
    rules: [{ origin, matches: [match], filters: [], backends, timeouts: {} }],
  };
}

function named<Item extends { readonly name: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, item]));
}
