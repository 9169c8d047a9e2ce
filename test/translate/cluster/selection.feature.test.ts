import { afterEach, expect, test } from 'vitest';
import type { Answer } from '../../parts/requests.ts';
import { echoOf, type GoldenEnvoy, startGolden } from '../golden-envoy.ts';

const open: GoldenEnvoy[] = [];

afterEach(async () => {
  for (const golden of open.splice(0)) await golden.stop();
});

async function start(name: string): Promise<GoldenEnvoy> {
  const golden = await startGolden(`cluster/${name}`);
  open.push(golden);
  return golden;
}

/** How often each upstream answered, or each status where none did. */
async function reached(golden: GoldenEnvoy, path: string, requests: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < requests; index++) {
    const name = nameIn(await golden.ask(path));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function nameIn(answer: Answer): string {
  return answer.status === 200 ? echoOf(answer).name : String(answer.status);
}

const names = async (golden: GoldenEnvoy, path: string): Promise<readonly string[]> =>
  Object.keys(await reached(golden, path, 24)).sort();

test('subsets: requests land on the endpoints with the metadata asked for, and fall back as written', async () => {
  const golden = await start('subsets');
  expect(await names(golden, '/v2')).toEqual(['9002', '9003']);
  expect(await names(golden, '/v2/canary')).toEqual(['9003']);
  expect(await names(golden, '/v9'), 'the default subset').toEqual(['9001']);
  expect(await names(golden, '/default'), 'no subset asked for').toEqual(['9001']);
  expect(await names(golden, '/strict/v9'), 'no fallback').toEqual(['503']);
  expect(await names(golden, '/strict')).toEqual(['503']);
  expect(await names(golden, '/loose'), 'any endpoint').toEqual(['9001', '9002']);
});

test('subsets: weighted backends of one service each keep to their own', async () => {
  const golden = await start('subsets');
  const counts = await reached(golden, '/split', 200);
  expect(Object.keys(counts).sort()).toEqual(['9001', '9002']);
  expect(counts['9001']).toBeGreaterThan(counts['9002'] ?? 0);
});

test('locality weights: a locality gets its share whatever its endpoints weigh', async () => {
  const golden = await start('locality-weights');
  const counts = await reached(golden, '/', 200);
  expect(Object.keys(counts).sort()).toEqual(['9001', '9002']);
  expect(counts['9001'] ?? 0, '9 of 10').toBeGreaterThan(150);
  const dump = await golden.envoy.admin.get('/config_dump?include_eds');
  const weights = [...dump.matchAll(/"load_balancing_weight": (\d+)/g)].map(([, weight]) => Number(weight));
  expect(dump).toContain('locality_weighted_lb_config');
  expect(weights).toEqual(expect.arrayContaining([9, 1, 4, 100]));
});

test('failover: the first zone listed that has a healthy endpoint gets every request', async () => {
  const golden = await start('failover');
  expect(await names(golden, '/'), 'zone b is ill, then those of no listed zone').toEqual(['9004', '9005']);
  // The border: Envoy's own admin answer.
  const { cluster_statuses: clusters } = JSON.parse(
    await golden.envoy.admin.get('/clusters?format=json'),
  ) as {
    cluster_statuses: {
      host_statuses?: { priority?: number; locality: { zone?: string }; health_status: object }[];
    }[];
  };
  const places = clusters.flatMap(({ host_statuses: hosts = [] }) =>
    hosts.map(({ priority = 0, locality: { zone = '' } }) => `${priority} ${zone}`),
  );
  expect(places.sort()).toEqual(['0 b', '1 ', '1 c', '2 a', '3 b']);
});

test('names: the proxy resolves them itself, beside addresses, each in its place', async () => {
  const golden = await start('names');
  expect(await names(golden, '/')).toEqual(['9001']);
  const clusters = await golden.envoy.admin.get('/clusters');
  expect(clusters).toMatch(/names::127\.0\.0\.1:\d+::hostname::localhost/);
  expect(clusters).toMatch(/names::127\.0\.0\.1:\d+::priority::1/);
});
