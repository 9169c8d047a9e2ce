/** From a parsed config to a committed snapshot, and from one changed endpoint to bytes ready to send. */
import { performance } from 'node:perf_hooks';
import { Pushes } from '../../src/xds/stream/push.ts';
import { createXdsStream } from '../../src/xds/stream/xds-stream.ts';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import {
  configOf,
  configure,
  createFleet,
  type Fleet,
  fill,
  GROUP,
  type Kind,
  report,
  SOURCE,
} from './build/fixture.ts';
import { interruptions, measure, quantile, type Sample } from './build/measure.ts';

const SERVICES = 1000;
const NOTHING = configOf(0);

/**
 * Everything between the parsed config and the committed snapshot, from nothing, in a warm process.
 * What sources say is there before: it comes as reports, not as config.
 */
function fullBuild(config: ReturnType<typeof configOf>): Sample {
  const fleet = createFleet();
  configure(fleet, NOTHING);
  fill(fleet, SERVICES);
  const sample = measure(() => {
    configure(fleet, config);
    fleet.builder.build(GROUP, 0);
  });
  const built = fleet.cache.get(GROUP)?.resources(TYPE_URL.endpoint).size;
  if (built !== SERVICES) throw new Error(`${built} of ${SERVICES} services were built`);
  return sample;
}

/** An edit that changes one route, of a config that is built already. */
function routeEdit(): Sample {
  const fleet = createFleet();
  configure(fleet, configOf(SERVICES));
  fill(fleet, SERVICES);
  fleet.builder.build(GROUP, 0);
  const edited = configOf(SERVICES);
  const [first] = edited.httpRoutes.values();
  if (first === undefined) throw new Error('no route');
  const httpRoutes = new Map(edited.httpRoutes).set(first.name, { ...first, hostnames: ['example.com'] });
  return measure(() => {
    configure(fleet, { ...edited, httpRoutes });
    fleet.builder.build(GROUP, 0);
  });
}

/** A connected node that takes every push at once. */
function connect(fleet: Fleet, names: readonly string[]): () => void {
  const stream = createXdsStream({ variant: 'delta', typeUrl: '', pushes: new Pushes('bench') });
  const ask = (subscribe: readonly string[], responseNonce: string): void => {
    const request = { kind: 'delta', typeUrl: TYPE_URL.endpoint, subscribe, responseNonce } as const;
    stream.onRequest({ ...request, unsubscribe: [], initialVersions: new Map() }, 0);
  };
  ask(names, '');
  return () => {
    const snapshot = fleet.cache.get(GROUP);
    if (snapshot !== undefined) stream.onSnapshot(snapshot, 0);
    for (let push = stream.next(0); push !== undefined; push = stream.next(0)) ask([], push.nonce);
  };
}

/** One endpoint of one service: report in, one response encoded for a connected node. */
function oneChange(services: number): string {
  const fleet = createFleet();
  const config = configOf(services);
  configure(fleet, config);
  fill(fleet, services);
  fleet.builder.build(GROUP, 0);
  const serve = connect(fleet, [...config.services.keys()]);
  serve();
  const reports = Array.from({ length: 100 }, (_, turn) => report(7, turn + 1));
  const change = (turn: number): void => {
    const next = reports[turn % reports.length];
    if (next !== undefined) fleet.builder.touchServices(fleet.world.put(SOURCE, next, 0));
    fleet.builder.build(GROUP, 0);
    serve();
  };
  for (let turn = 0; turn < 2000; turn += 1) change(turn);
  const walls: number[] = [];
  const whole: number[] = [];
  const all = measure(() => {
    for (let turn = 0; turn < 5000; turn += 1) {
      const before = interruptions();
      const started = performance.now();
      change(turn);
      walls.push((performance.now() - started) * 1000);
      if (interruptions() === before) whole.push(walls.at(-1) ?? 0);
    }
  });
  return [
    `median ${quantile(walls, 0.5).toFixed(0)} us, p99 ${quantile(walls, 0.99).toFixed(0)} us`,
    `p99 of the ${whole.length} in ${walls.length} that kept their core ${quantile(whole, 0.99).toFixed(0)} us, worst ${Math.max(...whole).toFixed(0)} us`,
    `CPU ${((all.cpuMs * 1000) / walls.length).toFixed(0)} us`,
  ].join('; ');
}

function summary(samples: readonly Sample[]): string {
  const walls = samples.map(({ wallMs }) => wallMs);
  const cpus = samples.map(({ cpuMs }) => cpuMs);
  const wall = `median ${quantile(walls, 0.5).toFixed(1)} ms, best ${Math.min(...walls).toFixed(1)} ms`;
  return `${wall}; CPU median ${quantile(cpus, 0.5).toFixed(1)} ms, best ${Math.min(...cpus).toFixed(1)} ms`;
}

function rounds(run: () => Sample): string {
  for (let round = 0; round < 30; round += 1) run();
  return summary(Array.from({ length: 21 }, run));
}

for (const kind of ['source', 'inline'] satisfies Kind[]) {
  const config = configOf(SERVICES, kind);
  const what = `full build, 1,000 services x 20 endpoints (${kind}), 1,000 routes, warm`;
  console.log(`${what}: ${rounds(() => fullBuild(config))} (limit 30)`);
}
console.log(`one route edited, 1,000 services and routes: ${rounds(routeEdit)}`);
for (const services of [100, 1000, 10_000]) {
  console.log(`one endpoint changed, ${services} services: ${oneChange(services)} (limit 100)`);
}
