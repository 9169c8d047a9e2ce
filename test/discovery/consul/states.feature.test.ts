import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SourceContext } from '../../../src/discovery/source.ts';
import { until } from '../../parts/until.ts';
import { addressesOf, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, type FakeOptions, startFakeConsul } from './fake-consul.ts';
import { serviceOf } from './fake-registry.ts';
import { completeOf, createConsul } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const isState = ({ path }: { readonly path: string }) => path === '/v1/health/state/any';

describe('a Consul followed by the state of all checks', () => {
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

  describe('SRC7: 300 services over HTTP, followed by the state of their checks', () => {
    let watching: Watching;
    beforeEach(async () => {
      await start(300);
      watching = watch();
      await told(watching, 300);
      await until('the state to be held', () => fake.held.some(isState));
    });

    test('on far fewer than 150 connections', () => {
      expect(fake.connections.most).toBeLessThanOrEqual(150);
      expect(fake.connections.now).toBeLessThan(30);
    });

    test('a change of a check fetches its service and no other', async () => {
      const before = fake.requests.length;
      fake.change((registry) => registry.put('s42', [{ ...A, status: 'critical' }]));
      const { instances } = await watching
        .next((one) => isComplete(one) && one.reason === 'stated' && one.scope === 'local/s42')
        .then((report) => (isComplete(report) ? report : { instances: [] }));
      expect(instances[0]?.health).toBe('UNHEALTHY');
      const fetched = fake.requests.slice(before).flatMap(({ path }) => serviceOf(path) ?? []);
      expect(new Set(fetched)).toEqual(new Set(['s42']));
    });

    test('an output or an index alone fetches nothing', async () => {
      const before = fake.requests.length;
      fake.change((registry) =>
        registry.put('s42', [{ node: 'node-42', address: '10.1.0.42', output: 'took 9 ms' }]),
      );
      await until('the next state question', () => fake.requests.slice(before).some(isState));
      fake.change((registry) => registry.put('s43', [{ ...A, status: 'critical' }]));
      await watching.next((one) => completeOf('local/s43')(one) && one.reason === 'stated');
      const fetched = fake.requests.slice(before).flatMap(({ path }) => serviceOf(path) ?? []);
      expect(fetched).toEqual(['s43']);
    });

    test('a service that leaves is closed, one that comes is fetched, one without a check too', async () => {
      fake.change((registry) => registry.remove('s42'));
      const closed = await watching.next((one) => isComplete(one) && one.closed === true);
      expect(closed).toMatchObject({ scope: 'local/s42', reason: 'stated' });
      fake.change((registry) => registry.put('bare', [{ ...A, checks: [] }]));
      expect(addressesOf(await watching.next(completeOf('local/bare')))).toEqual(['10.0.0.1']);
    });

    test('SRC2: a drop that is read after a gap has no reason, though a check had changed before it', async () => {
      let isDown = true;
      fake.script(({ path }) => (isDown && serviceOf(path) === 's42' ? 'cut' : undefined));
      fake.change((registry) => registry.put('s42', [{ ...A, status: 'critical' }]));
      await watching.next((one) => isFailure(one) && one.scope === 'local/s42');
      fake.registry.put('s42', []);
      isDown = false;
      const emptied = await watching.next(
        (one) => completeOf('local/s42')(one) && one.instances.length === 0,
      );
      expect(emptied).not.toHaveProperty('reason');
    });

    test('SRC5: a failure of that one question is told for every service, and so is its end', async () => {
      fake.script((request) => (isState(request) ? { status: 500, body: 'no' } : undefined));
      await until(
        '300 failures',
        () => new Set(watching.seen.filter(isFailure).map(({ scope }) => scope)).size === 300,
      );
      fake.script(undefined);
      await until('300 that are well', () => {
        const last = new Map(watching.seen.map((one) => [one.scope, one.kind]));
        return [...last.values()].every((kind) => kind === 'unchanged');
      });
    });
  });

  test('SRC7: one service more than there is room for, and one fewer again', async () => {
    await start(144);
    const watching = watch();
    await told(watching, 144);
    expect(fake.requests.some(isState)).toBe(false);
    fake.change((registry) => registry.put('more', [A]));
    await watching.next(completeOf('local/more'));
    await until(
      'the state to be held, and no service',
      () => fake.held.some(isState) && heldServices() === 0,
    );
    fake.change((registry) => registry.remove('more'));
    await until('a question each again', () => heldServices() === 144 && !fake.held.some(isState), {
      timeoutMs: 20_000,
    });
    expect(fake.connections.most).toBeLessThanOrEqual(150);
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });
});
