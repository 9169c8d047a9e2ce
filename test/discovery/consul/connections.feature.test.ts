import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SourceContext } from '../../../src/discovery/source.ts';
import { listen, portOf } from '../../parts/http.ts';
import { until } from '../../parts/until.ts';
import { addressesOf, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, type FakeOptions, startFakeConsul } from './fake-consul.ts';
import { serviceOf } from './fake-registry.ts';
import { completeOf, createConsul, sharing } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const isState = ({ path }: { readonly path: string }) => path === '/v1/health/state/any';

describe('connections to Consul', () => {
  let fake: FakeConsul;
  let watchings: Watching[];
  const start = async (services: number, options: FakeOptions = {}) => {
    fake = await startFakeConsul(options);
    for (let n = 0; n < services; n += 1)
      fake.registry.put(`s${n}`, [{ node: `node-${n}`, address: `10.1.${n >> 8}.${n & 255}` }]);
  };
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    const tls = fake.ca === '' ? {} : { tls: { ca: fake.ca } };
    const watching = watchSource(createConsul({ address: fake.url, ...tls, ...options }, context));
    watchings.push(watching);
    return watching;
  };
  const told = (watching: Watching, count: number) =>
    until(
      `${count} services`,
      () => new Set(watching.seen.filter(isComplete).map(({ scope }) => scope)).size === count,
      { timeoutMs: 25_000 },
    );
  const heldServices = () => fake.held.filter(({ path }) => serviceOf(path) !== undefined).length;

  beforeEach(() => {
    watchings = [];
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(watchings.map((watching) => watching.stop()));
    await until('every connection to be closed', () => fake.connections.now === 0);
    await fake.stop();
  });

  test('SRC7: 400 services over HTTPS: a question each, on at most 8 connections', async () => {
    await start(400, { tls: {} });
    const watching = watch();
    await told(watching, 400);
    await until('all to be held', () => heldServices() === 400, { timeoutMs: 25_000 });
    expect(fake.connections.most).toBeLessThanOrEqual(8);
    expect(fake.requests.some(isState)).toBe(false);
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });

  test('SRC7: new questions are paced at 50 a second', async () => {
    await start(100, { tls: {} });
    const began = performance.now();
    await told(watch(), 100);
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });

  test('SRC7: a server that takes few streams at once is given them on more connections', async () => {
    await start(20, { tls: { maxConcurrentStreams: 4 } });
    await told(watch(), 20);
    await until('all to be held', () => heldServices() === 20);
    expect(fake.connections.most).toBeGreaterThan(5);
    expect(fake.connections.most).toBeLessThanOrEqual(8);
  });

  test('SRC7: sources of one process share the connections of one Consul', async () => {
    await start(60, { tls: {} });
    const shared = sharing();
    const [one, two] = [watch({}, { shared }), watch({ warning: 'healthy' }, { shared })];
    await Promise.all([told(one, 60), told(two, 60)]);
    expect(fake.connections.ever).toBe(1);
    await one.stop();
    fake.change((registry) => registry.put('s7', []));
    expect(addressesOf(await two.next((report) => isComplete(report) && report.reason === 'stated'))).toEqual(
      [],
    );
  });

  test('SRC7: 140 services over HTTP: a question each, on fewer than 150 connections', async () => {
    await start(140);
    await told(watch(), 140);
    await until('all to be held', () => heldServices() === 140);
    expect(fake.requests.some(isState)).toBe(false);
    expect(fake.connections.most).toBeLessThanOrEqual(150);
  });

  test('SRC7: two sources of 100 services each over HTTP: all are followed on 150 connections', async () => {
    await start(100);
    const shared = sharing();
    const [one, two] = [watch({}, { shared }), watch({ warning: 'healthy' }, { shared })];
    await Promise.all([told(one, 100), told(two, 100)]);
    expect(fake.connections.most).toBeLessThanOrEqual(150);
    fake.change((registry) => registry.put('s99', [A]));
    for (const watching of [one, two]) {
      const changed = await watching.next(
        (report) => isComplete(report) && addressesOf(report).includes('10.0.0.1'),
      );
      expect(changed.scope).toBe('local/s99');
    }
    expect([...one.seen, ...two.seen].filter(isFailure)).toEqual([]);
  });

  test('SRC5: a connection that is open and says nothing more is noticed over HTTPS', async () => {
    await start(1, { tls: {} });
    vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'clearInterval', 'clearTimeout'] });
    const watching = watch();
    const real = (probe: () => boolean) =>
      vi.waitUntil(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return probe();
      });
    await watching.next(completeOf('local/s0'));
    await real(() => fake.held.length === 2);
    fake.freeze();
    vi.advanceTimersByTime(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(10_000);
    expect((await watching.next(isFailure)).kind).toBe('failure');
  });

  test('SRC5: what takes a connection and says nothing is given up', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    const stop = await listen(silent, 0);
    await start(0);
    const report = await watch({ address: `https://127.0.0.1:${portOf(silent)}` }).next(isFailure);
    expect(report.error.message).toMatch(/does not answer on a new connection/);
    await Promise.all(watchings.map((watching) => watching.stop()));
    await stop();
  });

  test('SRC5: a server that says goodbye is left, and everything is asked anew on another connection', async () => {
    await start(5, { tls: {} });
    const watching = watch();
    await told(watching, 5);
    await until('all to be held', () => heldServices() === 5);
    fake.goodbye();
    fake.change((registry) => registry.put('s3', [A]));
    expect(
      addressesOf(await watching.next((one) => completeOf('local/s3')(one) && one.reason === 'stated')),
    ).toEqual(['10.0.0.1']);
    await until(
      'a new connection, and only that',
      () => fake.connections.ever === 2 && fake.connections.now === 1,
      { timeoutMs: 15_000 },
    );
    await until('all to be held again', () => heldServices() === 5);
    expect(watching.seen.filter((one) => isComplete(one) && one.instances.length === 0)).toEqual([]);
  });

  test('SRC7: all at once on a new connection to a server that takes few streams', async () => {
    await start(20, { tls: { maxConcurrentStreams: 4 } });
    const watching = watch();
    await told(watching, 20);
    await fake.down();
    await watching.next(isFailure);
    await fake.up();
    await until('all to be held again', () => heldServices() === 20);
    expect(fake.connections.most).toBeLessThanOrEqual(8);
  });

  test('SRC6: no answer: given up after the wait, a sixteenth of it and 10 s', async () => {
    await start(1);
    const watching = watch({ wait: '1s' });
    await told(watching, 1);
    // The fake has nothing new and does not look at the wait.
    const { error } = await watching.next(isFailure);
    expect(error.message).toMatch(/no answer within 11 s/);
  });

  test('SRC5: a Consul that comes back on the same port is found again, and all of its services', async () => {
    await start(30, { tls: {} });
    const watching = watch();
    await told(watching, 30);
    await fake.down();
    await watching.next(isFailure);
    await fake.up();
    const count = watching.seen.length;
    await until(
      'all to be well',
      () =>
        new Set(
          watching.seen
            .slice(count)
            .filter(({ kind }) => kind === 'unchanged')
            .map(({ scope }) => scope),
        ).size === 30,
    );
    expect(
      watching.seen.filter((one) => isComplete(one) && one.instances.length === 0 && one.scope !== 'local'),
    ).toEqual([]);
  });

  test('a certificate of nobody we trust, and one of another name, are refused', async () => {
    await start(1, { tls: {} });
    expect((await watch({ tls: {} }).next(isFailure)).error.message).toMatch(/certificate/);
    const other = watch({ tls: { ca: fake.ca, serverName: 'server.dc2.consul' } });
    expect((await other.next(isFailure)).error.message).toMatch(/server\.dc2\.consul/);
    const right = watch({ tls: { ca: fake.ca, serverName: 'server.dc1.consul' } });
    expect((await right.next(isComplete)).scope).toBe('local/s0');
  });

  test('what answers there over TLS and speaks no HTTP/2 is said', async () => {
    await start(1);
    const report = await watch({ address: fake.url.replace('http:', 'https:') }).next(isFailure);
    expect(report.error.message).toMatch(/\S/);
  });
});
