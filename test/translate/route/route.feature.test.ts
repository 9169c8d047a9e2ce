import { afterEach, expect, test } from 'vitest';
import type { RequestSpec } from '../../parts/requests.ts';
import { type GoldenEnvoy, startGolden } from '../golden-envoy.ts';

let running: GoldenEnvoy | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('matches: precedence, segment borders, headers, queries, methods and hostnames', async () => {
  running = await startGolden('route/matches');
  const { seen, ask } = running;
  const reached = async (path: string, spec?: Omit<RequestSpec, 'url'>) => (await seen(path, spec)).name;
  expect(await reached('/shop')).toBe('9001');
  expect(await reached('/shop/x')).toBe('9001');
  expect((await ask('/shopping')).status).toBe(404);
  expect(await reached('/shop/cart')).toBe('9002');
  expect(await reached('/shop/cart/all')).toBe('9003');
  expect(await reached('/shop/cart/all/more')).toBe('9002');
  expect(await reached('/shop/42')).toBe('9004');
  expect(await reached('/shop/42/x')).toBe('9001');
  expect(await reached('/shop', { method: 'POST' })).toBe('9005');
  expect(await reached('/shop', { headers: { 'x-version': 'two' } })).toBe('9006');
  expect(await reached('/shop', { headers: { 'x-version': 'twofold' } })).toBe('9001');
  expect(await reached('/shop?v=two')).toBe('9006');
  expect(await reached('/shop', { method: 'POST', headers: { 'x-version': 'two' } })).toBe('9005');

  const host = (name: string) => ({ headers: { host: name } });
  expect(await reached('/x', host('exact.example.com'))).toBe('9002');
  expect(await reached('/only', host('Exact.example.com:8080'))).toBe('9003');
  expect(await reached('/only', host('a.b.example.com'))).toBe('9002');
  expect((await ask('/only', host('example.com'))).status).toBe(404);
  expect(await reached('/shop', host('example.com'))).toBe('9001');
  expect((await seen('/shop', host('example.com:81'))).headers['host']).toBe('example.com:81');
});

test('backends: shares, 503 only for the share without endpoints, 500 without any', async () => {
  running = await startGolden('route/backends');
  const { ask, seen } = running;
  const counted = async (path: string, requests: number): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (let index = 0; index < requests; index++) {
      const { status, body } = await ask(path);
      const key = status === 200 ? String(JSON.parse(body).name) : String(status);
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };
  const split = await counted('/split', 200);
  expect(Object.keys(split).sort()).toEqual(['9001', '9002']);
  // 150 expected, standard deviation 6.1: the bounds lie more than five of them away.
  expect(split['9001']).toBeGreaterThan(115);
  expect(split['9001']).toBeLessThan(185);
  const half = await counted('/half', 120);
  expect(Object.keys(half).sort()).toEqual(['503', '9001']);
  expect(half['503']).toBeGreaterThan(25);
  expect(half['503']).toBeLessThan(95);
  expect((await seen('/zero')).name).toBe('9002');
  expect((await ask('/nothing')).status).toBe(500);
});

test('backends: timeouts and retries', async () => {
  const answers = {
    9003: () => ({ delayMs: 600 }),
    9004: ({ count }: { count: number }) => ({ status: count % 3 === 0 ? 200 : 503 }),
  };
  running = await startGolden('route/backends', answers);
  expect((await running.ask('/slow')).status).toBe(504);
  expect((await running.ask('/patient')).status).toBe(200);
  expect((await running.ask('/flaky')).status).toBe(200);
  expect((await running.ask('/default-retry')).status).toBe(503);
});
