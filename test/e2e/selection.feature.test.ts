import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { freePort } from '../parts/ports.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { echo } from './parts.ts';
import { hostsOf, nameIn, startProxy, untilAnswered } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

interface Instance {
  readonly port: number;
  readonly service: string;
  readonly health?: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Running {
  readonly replica: TestReplica;
  readonly envoy: Envoy;
  readonly url: string;
  /** What the file source says from now on. */
  say(instances: readonly Instance[]): Promise<void>;
  /** Another config: the services and templates of it, and the backends of its one rule. */
  edit(parts: object, backends: readonly object[]): Promise<void>;
}

async function start(
  instances: readonly Instance[],
  parts: object,
  backends: readonly object[],
): Promise<Running> {
  const workspace = await createWorkspace();
  const file = join(workspace.dir, 'endpoints.yaml');
  const port = await freePort();
  const say = (all: readonly Instance[]): Promise<void> =>
    writeFile(file, JSON.stringify({ instances: all.map((one) => ({ address: '127.0.0.1', ...one })) }));
  const edit = (some: object, to: readonly object[]): Promise<void> =>
    workspace.putConfig({
      sources: { dc: { file: { paths: [file] } } },
      listeners: { web: { port, address: '127.0.0.1' } },
      groups: { edge: { listeners: ['web'] } },
      httpRoutes: { all: { listeners: ['web'], rules: [{ backends: to }] } },
      ...some,
    });
  await say(instances);
  await edit(parts, backends);
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  return { replica, envoy, url: `http://127.0.0.1:${port}/`, say, edit };
}

async function healthsOf(envoy: Envoy): Promise<Readonly<Record<number, string>>> {
  const read: {
    cluster_statuses: {
      name: string;
      host_statuses?: {
        address: { socket_address: { port_value: number } };
        health_status: { eds_health_status: string };
      }[];
    }[];
  } = JSON.parse(await envoy.admin.get('/clusters?format=json'));
  const hosts = read.cluster_statuses.find(({ name }) => name === 'web')?.host_statuses ?? [];
  return Object.fromEntries(
    hosts.map(({ address, health_status: health }) => [
      address.socket_address.port_value,
      health.eds_health_status,
    ]),
  );
}

const FROM_DC = { from: [{ source: 'dc', service: 'web' }] };

test('every health stays in EDS as it is: what drains is there as DRAINING until it is gone', async () => {
  const one = { service: 'web' };
  const all = [
    { ...one, port: 9001 },
    { ...one, port: 9002, health: 'DEGRADED' },
    { ...one, port: 9003, health: 'UNHEALTHY' },
    { ...one, port: 9004, health: 'HEALTHY' },
  ];
  const { envoy, say } = await start(all, { services: { web: FROM_DC } }, [{ service: 'web' }]);
  await until('all endpoints', async () => Object.keys(await healthsOf(envoy)).length === 4);
  const others = { 9001: 'HEALTHY', 9002: 'DEGRADED', 9003: 'UNHEALTHY' };
  expect(await healthsOf(envoy)).toEqual({ ...others, 9004: 'HEALTHY' });
  await say(all.with(3, { ...one, port: 9004, health: 'DRAINING' }));
  await until('it to drain', async () => (await healthsOf(envoy))[9004] === 'DRAINING');
  expect(await healthsOf(envoy)).toEqual({ ...others, 9004: 'DRAINING' });
  expect(await envoy.admin.get('/clusters')).toMatch(/127\.0\.0\.1:9004::health_flags::\S*eds/);
  await say(all.slice(0, 3));
  await until('it to be gone', async () => Object.keys(await healthsOf(envoy)).length === 3);
  expect(await healthsOf(envoy)).toEqual(others);
});

test('a label of a source becomes the metadata that a route asks for, and follows its edit', async () => {
  const [one, two] = [await echo({ name: 'one' }), await echo({ name: 'two' })];
  const labelled = (port: number, version: string): Instance => {
    return { port, service: 'web', labels: { version } };
  };
  const web = {
    ...FROM_DC,
    metadata: { version: 'file.label.version' },
    subsets: { keys: [['version']], fallback: 'none' },
  };
  const running = await start([labelled(one.port, 'v1'), labelled(two.port, 'v2')], { services: { web } }, [
    { service: 'web', subset: { version: 'v2' } },
  ]);
  const { url, say } = running;
  await untilAnswered(url, ({ status }) => status === 200);
  for (let index = 0; index < 10; index++) expect(nameIn(await requestOnce({ url }))).toBe('two');
  await say([labelled(one.port, 'v2'), labelled(two.port, 'v1')]);
  await untilAnswered(url, (answer) => nameIn(answer) === 'one');
  for (let index = 0; index < 10; index++) expect(nameIn(await requestOnce({ url }))).toBe('one');
});

test('an edit of locality weights alone reaches the endpoints, and taking them away too', async () => {
  const all = [
    { service: 'web', port: 9001, zone: 'a' },
    { service: 'web', port: 9002, zone: 'b' },
  ];
  const to = [{ service: 'web' }];
  const { envoy, edit } = await start(all, { services: { web: FROM_DC } }, to);
  const dump = (): Promise<string> => envoy.admin.get('/config_dump?include_eds');
  const says = async (weight: number): Promise<boolean> =>
    (await dump()).includes(`"load_balancing_weight": ${weight}`);
  await until('the endpoints', async () => (await hostsOf(envoy, 'web'))?.length === 2);
  expect(await dump()).not.toContain('locality_weighted_lb_config');
  await edit({ services: { web: { ...FROM_DC, localityWeights: [{ zone: 'a', weight: 77 }] } } }, to);
  await until('the weights', () => says(77));
  expect(await dump()).toContain('locality_weighted_lb_config');
  await edit({ services: { web: { ...FROM_DC, localityWeights: [{ zone: 'a', weight: 78 }] } } }, to);
  await until('other weights', () => says(78));
  await edit({ services: { web: FROM_DC } }, to);
  await until('no weights', async () => !(await says(78)));
  expect((await hostsOf(envoy, 'web'))?.length).toBe(2);
});

test('a name that the proxy resolves is served over ADS without endpoints of its own', async () => {
  const one = await echo({ name: 'one' });
  const services = { ext: { endpoints: [`localhost:${one.port}`], resolve: 'envoy' } };
  const { url, replica } = await start([], { services }, [{ service: 'ext' }]);
  expect(nameIn(await untilAnswered(url, ({ status }) => status === 200))).toBe('one');
  const { groups } = await replica.status();
  expect(groups[0]?.problems).toEqual([]);
});

test('a reference that fits a template is a warning and answers 503 until its source has the service', async () => {
  const [one, two] = [await echo({ name: 'one' }), await echo({ name: 'two' })];
  const serviceTemplates = { everything: { source: 'dc', name: 'dc-{service}' } };
  const web = { port: one.port, service: 'web' };
  const { url, say, replica } = await start([web], { serviceTemplates }, [{ service: 'dc-api' }]);
  expect((await untilAnswered(url, ({ status }) => status === 503)).status).toBe(503);
  const problems = async () => (await replica.status()).groups[0]?.problems;
  expect(await problems()).toMatchObject([
    {
      path: 'serviceTemplates/everything',
      message: 'source "dc" has no service "api" yet: requests for it get 503',
    },
  ]);
  await say([web, { port: two.port, service: 'api' }]);
  expect(nameIn(await untilAnswered(url, ({ status }) => status === 200))).toBe('two');
  await until('the warning to be over', async () => (await problems())?.length === 0);
});

test('a name that muster resolves is a source of its own; what stands beside it is served without it', async () => {
  const services = { ext: { endpoints: ['api.invalid:443', '127.0.0.1:9002'], resolve: 'muster' } };
  const { envoy, replica } = await start([], { services }, [{ service: 'ext' }]);
  const scopes = await until('a look at the name', async () => {
    const { sources } = await replica.status();
    const found = sources.find(({ name }) => name === 'dns/ext')?.scopes ?? [];
    return found.length === 0 ? undefined : found;
  });
  expect(scopes).toMatchObject([{ scope: 'api.invalid:443', instances: 0 }]);
  await until('the endpoint', async () => (await hostsOf(envoy, 'ext'))?.join() === '127.0.0.1:9002');
});
