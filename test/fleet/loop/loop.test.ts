import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MusterError } from '../../../src/errors.ts';
import { LINGER_MS } from '../../../src/fleet/linger.ts';
import { config } from '../build/bench.ts';
import { tlsSecret } from '../build/rig.ts';
import { complete, failure, group, instances, route, source } from '../fixtures.ts';
import { type LoopBench, loopBench } from './bench.ts';

let bench: LoopBench;
beforeEach(() => {
  bench = loopBench();
});
afterEach(async () => {
  vi.useRealTimers();
  await bench.loop.close();
});

/** Everything known, everything built. */
async function running(): Promise<void> {
  bench.loop.setConfig(config());
  bench.loop.report('dc', complete('eu', [...instances('a', [1]), ...instances('b', [2])], 'stated'));
  bench.loop.secret('s1', tlsSecret(1));
  bench.loop.start();
  await bench.queue.idle();
}

/** Lets the loop's own clock tick once. */
async function tick(afterMs: number): Promise<void> {
  bench.skewMs += afterMs;
  vi.advanceTimersByTime(1_000);
  await bench.queue.idle();
}

test('one change, end to end: a report is kept, the groups that use it are built, published and kept', async () => {
  await running();
  expect(bench.built.toSorted()).toEqual(['core committed', 'edge committed']);
  expect(bench.saved).toEqual(['scope dc eu 2', 'snapshot edge', 'snapshot core']);
  bench.loop.report('dc', complete('eu', [...instances('a', [1, 3]), ...instances('b', [2])]));
  await bench.queue.idle();
  expect(bench.built.slice(2)).toEqual(['edge committed']);
  expect(bench.endpoints('edge', 'a')).toContain('10.0.0.3');
  expect(bench.snapshots.at(-1)?.revision).toBe(bench.publications.at(-1)?.revision);
});

test('nothing is built before the start; then all of it once', async () => {
  bench.loop.setConfig(config());
  bench.loop.report('dc', complete('eu', instances('a', [1])));
  bench.loop.setConfig(config());
  await new Promise((resolve) => setImmediate(resolve));
  expect(bench.publications).toEqual([]);
  bench.loop.start();
  await bench.queue.idle();
  expect(bench.built).toHaveLength(2);
});

test('a report that changes nothing and a failure build nothing and are not kept anew', async () => {
  await running();
  bench.loop.report('dc', complete('eu', [...instances('a', [1]), ...instances('b', [2])]));
  bench.loop.report('dc', failure('eu'));
  await bench.queue.idle();
  expect(bench.built).toHaveLength(2);
  expect(bench.saved.filter((line) => line.startsWith('scope'))).toEqual(['scope dc eu 2']);
});

test('a burst is built a few times, not once a change, and its last change is in', async () => {
  await running();
  const changes = 200;
  for (let id = 1; id <= changes; id += 1) {
    bench.loop.report('dc', complete('eu', instances('a', [id]), 'stated'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bench.queue.idle();
  expect(bench.endpoints('edge', 'a')).toBe(`10.0.0.${changes} HEALTHY`);
  expect(bench.built.length).toBeLessThan(changes / 4);
});

test('a held drop: what is kept is what is believed; released by hand it is built', async () => {
  await running();
  bench.loop.report('dc', complete('eu', []));
  expect(bench.saved.findLast((line) => line.startsWith('scope'))).toBe('scope dc eu 2');
  await bench.queue.idle();
  expect(bench.endpoints('edge', 'a')).toBe('10.0.0.1 DEGRADED');
  bench.loop.release('dc', 'eu');
  expect(bench.saved.at(-1)).toBe('scope dc eu 0');
  await bench.queue.idle();
  expect(bench.endpoints('edge', 'a')).toBe('');
});

test('SRC2: a hold is ended by the clock alone after ten minutes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await running();
  bench.loop.report('dc', complete('eu', []));
  await tick(599_000);
  expect(bench.endpoints('edge', 'a')).toBe('10.0.0.1 DEGRADED');
  await tick(2_000);
  expect(bench.endpoints('edge', 'a')).toBe('');
});

test('what lingers is released by the clock when all nodes have ACKed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await running();
  bench.loop.setConfig(
    config({ httpRoutes: [route('all', ['web'], ['b']), route('some', ['shop'], ['b'])] }),
  );
  await bench.queue.idle();
  bench.settled = false;
  await tick(LINGER_MS + 1_000);
  expect(bench.builder.find('edge', 'cluster', 'a')).toBeDefined();
  bench.settled = true;
  await tick(1);
  expect(bench.builder.find('edge', 'cluster', 'a')).toBeUndefined();
});

test('every group is compared in full once a minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await running();
  await tick(0);
  const { structures } = bench.fake;
  await tick(30_000);
  expect(bench.fake.structures).toBe(structures);
  await tick(30_000);
  expect(bench.fake.structures).toBe(structures + 2);
  expect(bench.built.slice(-2).toSorted()).toEqual(['core unchanged', 'edge unchanged']);
});

test('what a new config no longer has is forgotten, and goes on being served', async () => {
  await running();
  const edited = config({ sources: [source('other')], services: [], groups: [group('edge', ['web'])] });
  bench.loop.setConfig(edited);
  expect(bench.saved.slice(-2)).toEqual(['forget snapshot core', 'forget scope dc eu']);
  expect(bench.loop.config).toBe(edited);
  await bench.queue.idle();
  expect(bench.builder.find('core', 'listener', 'shop')).toBeDefined();
});

test('a scope that is gone and stays gone is forgotten', async () => {
  bench.loop.setConfig(config());
  bench.loop.report('dc', { ...failure('old'), gone: true });
  expect(bench.saved).toEqual(['forget scope dc old']);
});

test('SRC4: after a restart what was kept is served before any source has answered', async () => {
  await running();
  const after = loopBench();
  const at = 1;
  const kept = { source: 'dc', scope: 'eu', at, instances: [...instances('a', [1]), ...instances('b', [2])] };
  after.loop.setConfig(config());
  after.loop.restore({ config: undefined, scopes: [kept], snapshots: bench.snapshots, problems: [] });
  after.loop.report('dc', failure('eu', 'no answer'));
  after.loop.start();
  await after.queue.idle();
  expect(after.endpoints('edge', 'a')).toBe('10.0.0.1 HEALTHY');
  expect(after.publications.map((one) => one.group).toSorted()).toEqual(['core', 'edge']);
  await after.loop.close();
});

test('a build that fails is tried again until it succeeds', async () => {
  bench.loop.setConfig(config());
  bench.fake.failure = new MusterError('build_failed', 'no such thing');
  bench.loop.start();
  await vi.waitUntil(() => bench.failures.length >= 4);
  bench.fake.failure = undefined;
  await bench.queue.idle();
  expect(bench.failures[0]).toMatch(/^(edge|core): .*no such thing/);
  expect(bench.built.toSorted()).toEqual(['core committed', 'edge committed']);
});

test('after close nothing ticks and nothing is built', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await running();
  await bench.loop.close();
  expect(vi.getTimerCount()).toBe(0);
  bench.loop.setConfig(config());
  await bench.queue.idle();
  expect(bench.built).toHaveLength(2);
});
