/**
 * 1,000 services x 20 instances of a real Consul, followed by a replica in this process: what that
 * costs at rest, how long one health change takes to a real Envoy's endpoint list, and whether any
 * change is lost. Over HTTPS (a blocking query a service) and plain HTTP (the state of all checks).
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { stateChecks } from '../../src/discovery/consul/entries.ts';
import { type Consul, startConsul } from '../parts/consul.ts';
import { freePort } from '../parts/ports.ts';
import { until } from '../parts/until.ts';
import { quantile } from './build/measure.ts';
import {
  configFor,
  healthInEnvoy,
  INSTANCES,
  type Place,
  ROUTED,
  register,
  registerAll,
  SERVICES,
} from './consul/fleet.ts';
import { type Running, startRunning } from './edit/replica.ts';

const REST_MS = 30_000;
const CHANGES = 100;
const SUSTAINED_S = 60;
const PER_SECOND = 10;

const state = new Map<string, 'passing' | 'critical'>();

async function flip(consul: Consul, place: Place): Promise<'HEALTHY' | 'UNHEALTHY'> {
  const key = `${place.service}/${place.instance}`;
  const next = state.get(key) === 'critical' ? 'passing' : 'critical';
  state.set(key, next);
  await register(consul, place, next);
  return next === 'critical' ? 'UNHEALTHY' : 'HEALTHY';
}

/** Connections of this process to a port of 127.0.0.1, by the kernel's own table. */
async function connectionsTo(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  return lines.filter(
    (line) => line.trim().split(/\s+/)[2]?.endsWith(`:${hex}`) === true && / 01 /.test(line),
  ).length;
}

async function followed({ replica }: Running): Promise<void> {
  await until(
    'every service to be followed',
    () => replica.world.scopes('dc').filter(({ instances }) => instances === INSTANCES).length === SERVICES,
    { timeoutMs: 120_000, everyMs: 200 },
  );
}

async function atRest(port: number): Promise<void> {
  await wait(5_000);
  const before = process.cpuUsage();
  let most = 0;
  for (let gone = 0; gone < REST_MS; gone += 5_000) {
    await wait(5_000);
    most = Math.max(most, await connectionsTo(port));
  }
  const { user, system } = process.cpuUsage(before);
  const share = ((user + system) / 1000 / REST_MS) * 100;
  console.log(`at rest: ${share.toFixed(2)} % of a core (limit 5), ${most} connections to Consul`);
}

async function changes(consul: Consul, { envoy }: Running, limit: string): Promise<void> {
  const took: number[] = [];
  for (let turn = 0; turn < CHANGES; turn += 1) {
    const place = { service: turn % ROUTED, instance: turn % INSTANCES };
    await wait(100 + (turn % 7) * 30);
    const began = performance.now();
    const wanted = await flip(consul, place);
    await until('the change in Envoy', async () => (await healthInEnvoy(envoy, place)) === wanted, {
      everyMs: 3,
    });
    took.push(performance.now() - began);
  }
  const [p50, p99] = [quantile(took, 0.5).toFixed(0), quantile(took, 0.99).toFixed(0)];
  console.log(`one health change to Envoy's list: p50 ${p50} ms, p99 ${p99} ms (limit ${limit})`);
}

async function sustained(consul: Consul, { replica }: Running): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  for (let turn = 0; turn < SUSTAINED_S * PER_SECOND; turn += 1) {
    await flip(consul, { service: (turn * 37) % SERVICES, instance: (turn * 7) % INSTANCES });
    await wait(Math.max(0, started + ((turn + 1) * 1000) / PER_SECOND - performance.now()));
  }
  const { user, system } = process.cpuUsage(cpu);
  const share = ((user + system) / 10_000 / (performance.now() - started)) * 1000;
  const settled = performance.now();
  const read = stateChecks.parse(await consul.get('/v1/health/state/any'));
  const truth = new Map(
    read.flatMap(({ ServiceID: id, Status }) => (id === '' ? [] : [[id, Status] as const])),
  );
  const wrong = (): number => [...truth].filter(([id, status]) => !isAs(replica, id, status)).length;
  await until('the last changes', () => wrong() === 0, { timeoutMs: 10_000, everyMs: 100 }).catch(
    () => undefined,
  );
  const after = (performance.now() - settled).toFixed(0);
  console.log(
    `${PER_SECOND} changes a second for ${SUSTAINED_S} s: ${wrong()} of ${truth.size} instances not as Consul says ${after} ms after the last (limit 0), ${share.toFixed(1)} % of a core with the registering`,
  );
  if (wrong() > 0 || truth.size !== SERVICES * INSTANCES) process.exitCode = 1;
}

/** Whether what muster serves of an instance `s12-3` is what Consul says. */
function isAs(replica: Running['replica'], id: string, status: string): boolean {
  const [service = '', instance] = id.split('-');
  const suffix = `.${Number(instance) + 1}`;
  const found = replica.world.endpoints(service).endpoints.find(({ address }) => address.endsWith(suffix));
  return found?.health === (status === 'critical' ? 'UNHEALTHY' : 'HEALTHY');
}

async function run(consul: Consul, how: 'https' | 'http'): Promise<void> {
  const config = configFor(consul[how], how === 'https' ? consul.ca : '', await freePort());
  const started = performance.now();
  const running = await startRunning({ 'fleet.yaml': JSON.stringify(config) });
  try {
    await followed(running);
    console.log(`${how}: all followed after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    await atRest(consul.ports[how]);
    await changes(consul, running, how === 'https' ? '200 and 500' : '3000 at p99');
    await sustained(consul, running);
  } finally {
    await running.stop();
  }
}

const consul = await startConsul({ tls: true });
try {
  const began = performance.now();
  await registerAll(consul);
  console.log(
    `${SERVICES} services x ${INSTANCES} instances registered in ${((performance.now() - began) / 1000).toFixed(0)} s\n`,
  );
  await run(consul, 'https');
  console.log('');
  await run(consul, 'http');
} finally {
  await consul.stop();
}
