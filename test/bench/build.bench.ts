/** From a parsed config to a committed snapshot, and from one changed endpoint to bytes ready to send. */
import { performance } from 'node:perf_hooks';
import { Builder } from '../../src/fleet/build.ts';
import { World } from '../../src/fleet/world.ts';
import type { Config, Service } from '../../src/model/config.ts';
import type { Instance } from '../../src/model/instance.ts';
import type { HttpRoute } from '../../src/model/route.ts';
import { publish } from '../../src/serve/publish.ts';
import { createTranslation } from '../../src/serve/translation.ts';
import { SnapshotCache } from '../../src/xds/cache.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { Pushes } from '../../src/xds/stream/push.ts';
import { createXdsStream } from '../../src/xds/stream/xds-stream.ts';
import { TYPE_URL } from '../../src/xds/type-urls.ts';

const proto = loadRegistry();
const SOURCE = 'dc';
const LABEL = 'consul.service';

function instances(service: number, turn: number): readonly Instance[] {
  return Array.from({ length: 20 }, (_, index) => ({
    id: `${service}-${index}`,
    address: `10.${service >> 8}.${service & 255}.${index === 0 ? 100 + (turn % 100) : index + 1}`,
    ports: { '': 8080 },
    locality: { region: 'eu-west-1', zone: `eu-west-1${'abc'[index % 3]}`, subZone: '' },
    health: 'HEALTHY',
    labels: { [LABEL]: `s${service}` },
  }));
}

function service(index: number): Service {
  return {
    name: `s${index}`,
    origin: { object: `services/s${index}`, file: 'bench.yaml', line: index + 1 },
    from: [
      { source: SOURCE, service: `s${index}`, where: new Map(), port: { kind: 'default' }, priority: 0 },
    ],
    endpoints: [],
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

function configOf(services: number): Config {
  const named = <Item extends { readonly name: string }>(items: readonly Item[]): ReadonlyMap<string, Item> =>
    new Map(items.map((item) => [item.name, item]));
  const origin = { object: 'groups/edge' };
  const all = Array.from({ length: services }, (_, index) => index);
  return {
    sources: named([{ name: SOURCE, origin, kind: 'bench', options: {} }]),
    secretStores: new Map(),
    secrets: new Map(),
    services: named(all.map(service)),
    listeners: named([{ name: 'web', origin, address: '0.0.0.0', port: 10000, protocol: 'HTTP' }]),
    httpRoutes: named(all.map(route)),
    groups: named([
      {
        name: 'edge',
        origin,
        match: { cluster: 'edge', metadata: new Map() },
        listeners: ['web'],
        identities: [],
        allowEmpty: false,
      },
    ]),
    hash: '',
  };
}

interface Fleet {
  readonly world: World;
  readonly builder: Builder;
  readonly cache: SnapshotCache;
}

function fleetOf(config: Config): Fleet {
  const world = new World();
  const cache = new SnapshotCache();
  let revision = 0;
  const builder = new Builder({
    world,
    translation: createTranslation(proto),
    publish: (publication) => publish(cache, publication),
    nextRevision: () => {
      revision += 1;
      return revision;
    },
  });
  world.configure(config, () => LABEL);
  builder.setConfig(config);
  return { world, builder, cache };
}

function fill({ world }: Fleet, services: number): void {
  for (let index = 0; index < services; index += 1) put(world, index, 0);
}

function put(world: World, index: number, turn: number): readonly string[] {
  return world.put(SOURCE, { kind: 'complete', scope: `s${index}`, instances: instances(index, turn) }, 0);
}

/** Everything between the parsed config and the committed snapshot, from nothing, in a warm process. */
function fullBuild(config: Config, services: number): number {
  const fleet = fleetOf(config);
  fill(fleet, services);
  // The world is gathered as reports come, before any build: selection is counted in, the reports are not.
  const started = performance.now();
  fleet.world.configure(config, () => LABEL);
  fleet.builder.build('edge', 0);
  return performance.now() - started;
}

/** One endpoint of one service: report in, one response encoded for a connected node. */
function oneChange(services: number): { readonly medianUs: number; readonly p99Us: number } {
  const config = configOf(services);
  const fleet = fleetOf(config);
  fill(fleet, services);
  fleet.builder.build('edge', 0);
  const stream = createXdsStream({ variant: 'delta', typeUrl: '', pushes: new Pushes('bench') });
  const names = [...config.services.keys()];
  const ask = (subscribe: readonly string[], responseNonce: string): void => {
    const request = {
      kind: 'delta',
      typeUrl: TYPE_URL.endpoint,
      subscribe,
      unsubscribe: [],
      responseNonce,
    } as const;
    stream.onRequest({ ...request, initialVersions: new Map() }, 0);
  };
  ask(names, '');
  const serve = (): void => {
    const snapshot = fleet.cache.get('edge');
    if (snapshot !== undefined) stream.onSnapshot(snapshot, 0);
    for (let push = stream.next(0); push !== undefined; push = stream.next(0)) ask([], push.nonce);
  };
  serve();
  const times: number[] = [];
  for (let turn = 1; turn <= 3000; turn += 1) {
    const report = { kind: 'complete', scope: 's7', instances: instances(7, turn) } as const;
    const started = performance.now();
    fleet.builder.touchServices(fleet.world.put(SOURCE, report, 0));
    fleet.builder.build('edge', 0);
    serve();
    if (turn > 1000) times.push((performance.now() - started) * 1000);
  }
  return { medianUs: quantile(times, 0.5), p99Us: quantile(times, 0.99) };
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

const config = configOf(1000);
for (let round = 0; round < 8; round += 1) fullBuild(config, 1000);
const builds = Array.from({ length: 15 }, () => fullBuild(config, 1000));
console.log(
  `full build, 1,000 services x 20 endpoints, 1,000 routes, warm: median ${quantile(builds, 0.5).toFixed(1)} ms, best ${Math.min(...builds).toFixed(1)} ms (limit 30)`,
);
for (const services of [100, 1000, 10_000]) {
  const { medianUs, p99Us } = oneChange(services);
  console.log(
    `one endpoint changed, ${services} services: median ${medianUs.toFixed(0)} us, p99 ${p99Us.toFixed(0)} us (limit 100)`,
  );
}
