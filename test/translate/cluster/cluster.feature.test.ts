import { afterEach, expect, test } from 'vitest';
import { type Echo, startEcho, type Upstream } from '../../parts/http.ts';
import { freePort } from '../../parts/ports.ts';
import { type Answer, requestOnce } from '../../parts/requests.ts';
import { configFrom } from '../config.ts';
import { type EnvoyWith, startEnvoyWith } from '../envoy-with.ts';
import { startGolden } from '../golden-envoy.ts';

const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.stop();
});

async function run(services: string, path: string): Promise<EnvoyWith> {
  const running = await startEnvoyWith(
    configFrom(`
services: { target: ${services} }
listeners: { web: { port: ${await freePort()}, address: 127.0.0.1 } }
groups: { edge: { listeners: [web] } }
httpRoutes: { r: { listeners: [web], rules: [{ matches: [{ path: { type: PathPrefix, value: ${path} } }], backends: [{ service: target }] }] } }
`),
  );
  open.push(running);
  return running;
}

async function upstreams(...names: readonly string[]): Promise<readonly Upstream[]> {
  const started = await Promise.all(names.map((name) => startEcho({ name })));
  open.push(...started);
  return started;
}

async function ask(running: EnvoyWith, requests: number): Promise<readonly string[]> {
  const url = `http://127.0.0.1:${await running.port('web')}/`;
  const answers: Answer[] = [];
  for (let index = 0; index < requests; index++) answers.push(await requestOnce({ url }));
  // The border: the body of our own echo upstream.
  return answers.map(({ status, body }) =>
    status === 200 ? (JSON.parse(body) as Echo).name : String(status),
  );
}

interface Hosts {
  readonly cluster_statuses: readonly {
    readonly name: string;
    readonly host_statuses?: readonly {
      readonly address: { readonly socket_address: { readonly address: string } };
      readonly health_status: { readonly eds_health_status: string };
      readonly weight: number;
      readonly priority?: number;
      readonly locality: { readonly zone?: string };
    }[];
  }[];
}

test('services: Envoy takes every priority, locality, weight and health of the golden pair', async () => {
  const golden = await startGolden('cluster/services');
  open.push(golden);
  // The border: Envoy's own admin answer.
  const { cluster_statuses: clusters } = JSON.parse(
    await golden.envoy.admin.get('/clusters?format=json'),
  ) as Hosts;
  const hosts = clusters.find(({ name }) => name === 'zones')?.host_statuses ?? [];
  const seen = hosts.map(
    ({ address, health_status: health, weight, priority = 0, locality: { zone = '' } }) =>
      [address.socket_address.address, health.eds_health_status, weight, priority, zone].join(' '),
  );
  expect(seen.sort()).toEqual([
    '127.1.0.1 DEGRADED 1 0 a',
    '127.1.0.2 DRAINING 1 0 a',
    '127.1.0.3 HEALTHY 5 0 b',
    '127.1.1.1 HEALTHY 1 2 a',
    '127.1.1.2 UNHEALTHY 1 1 ',
  ]);
  expect(clusters.map(({ name }) => name).sort()).toEqual(['h1', 'h2', 'zones']);
});

test('an HTTP/2 upstream gets HTTP/2', async () => {
  const upstream = await startEcho({ name: 'h2', protocol: 'h2c' });
  open.push(upstream);
  const running = await run(`{ protocol: http2, endpoints: ["127.0.0.1:${upstream.port}"] }`, '/');
  const answer = await requestOnce({ url: `http://127.0.0.1:${await running.port('web')}/` });
  expect(JSON.parse(answer.body)).toMatchObject({ name: 'h2', httpVersion: '2.0' });
});

test('weights share requests, and what drains or is unhealthy gets none', async () => {
  const [a, b, c, d, e] = await upstreams('a', 'b', 'drains', 'ill', 'spare');
  const running = await run(
    `{ endpoints: [
  { address: "127.0.0.1:${a?.port}", weight: 3 }, { address: "127.0.0.1:${b?.port}", weight: 1, zone: z },
  { address: "127.0.0.1:${c?.port}", health: DRAINING }, { address: "127.0.0.1:${d?.port}", health: UNHEALTHY },
  { address: "127.0.0.1:${e?.port}", priority: 1 }] }`,
    '/',
  );
  const reached = await ask(running, 80);
  expect(new Set(reached)).toEqual(new Set(['a', 'b', 'spare']));
});

test('the next priority takes over when the first has no healthy endpoint', async () => {
  const [ill, spare] = await upstreams('ill', 'spare');
  const running = await run(
    `{ loadBalancing: { leastRequest: {} }, endpoints: [
  { address: "127.0.0.1:${ill?.port}", health: UNHEALTHY }, { address: "127.0.0.1:${spare?.port}", priority: 1 }] }`,
    '/',
  );
  expect(new Set(await ask(running, 10))).toEqual(new Set(['spare']));
});
