import { afterEach, describe, expect, test } from 'vitest';
import { type Consul, leaderOf, startConsul, startConsulServers } from '../../parts/consul.ts';
import { until } from '../../parts/until.ts';
import { expectContract, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { completeOf, createConsul } from './watching.ts';

describe('a real Consul that fails', () => {
  const running: Consul[] = [];
  let watching: Watching | undefined;
  let proxy: CountingProxy | undefined;

  const start = async (options: Parameters<typeof startConsul>[0] = {}) => {
    const consul = await startConsul(options);
    running.push(consul);
    return consul;
  };
  const isEmptied = (since = 0) =>
    watching?.seen
      .slice(since)
      .some((one) => isComplete(one) && one.instances.length === 0 && one.scope !== 'local');
  /** The last that was told of a service. */
  const last = (service: string) => watching?.seen.findLast(({ scope }) => scope === `local/${service}`);
  const addresses = (service: string) => {
    const report = watching?.seen.findLast((one) => isComplete(one) && one.scope === `local/${service}`);
    return report?.kind === 'complete' ? report.instances.map(({ address }) => address) : [];
  };

  afterEach(async () => {
    await watching?.stop();
    expectContract(watching?.seen ?? []);
    await proxy?.stop();
    await Promise.all(running.splice(0).map((consul) => consul.stop()));
  });

  test('FAULT5: the leader of three servers is killed: nothing is lost, and what changed is there 5 s after there is one again', async () => {
    const servers = await startConsulServers(3);
    running.push(...servers);
    const leader = await leaderOf(servers);
    const others = servers.filter((server) => server !== leader);
    const [asked, third] = others;
    if (asked === undefined || third === undefined) throw new Error('three servers were started');
    await asked.register({ service: 'web', node: 'a', address: '10.0.0.1' });
    await asked.register({ service: 'web', node: 'b', address: '10.0.0.2' });
    watching = watchSource(createConsul({ address: asked.http, services: ['web'] }));
    await until('both instances', () => addresses('web').length === 2);
    const since = watching.seen.length;

    await leader.end('hard');
    const next = await until(
      'another leader',
      async () => {
        const found = await leaderOf(others);
        await found.register({ service: 'web', node: 'c', address: '10.0.0.3' });
        return found;
      },
      { timeoutMs: 25_000 },
    );
    expect(others).toContain(next);
    await until('all three instances', () => addresses('web').length === 3, { timeoutMs: 5_000 });
    await asked.deregister('a');
    await until('what was deregistered to be gone', () => addresses('web').join() === '10.0.0.2,10.0.0.3', {
      timeoutMs: 5_000,
    });
    expect(isEmptied(since)).toBe(false);
  });

  test('FAULT5: two of three servers are killed: the last one has no leader, and is not believed until it has one', async () => {
    const servers = await startConsulServers(3);
    running.push(...servers);
    const [asked, second, third] = servers;
    if (asked === undefined || second === undefined || third === undefined)
      throw new Error('three servers were started');
    await asked.register({ service: 'web', node: 'a', address: '10.0.0.1' });
    watching = watchSource(createConsul({ address: asked.http, services: ['web'], wait: '1s' }));
    await until('the instance', () => addresses('web').length === 1);
    const since = watching.seen.length;
    await Promise.all([second.end('hard'), third.end('hard')]);
    await until('the failure to be told', () => watching?.seen.some(isFailure), { timeoutMs: 25_000 });
    expect(isEmptied(since)).toBe(false);
    await Promise.all([second.begin(), third.begin()]);
    await asked.register({ service: 'web', node: 'b', address: '10.0.0.2' });
    await until('both instances', () => addresses('web').length === 2, { timeoutMs: 5_000 });
    await until('no failure', () => last('web')?.kind !== 'failure', { timeoutMs: 5_000 });
  });

  test('FAULT5: an agent that restarts with its data: nothing is emptied', async () => {
    const consul = await start({ durable: true });
    await consul.register({ service: 'web', node: 'a', address: '10.0.0.1' });
    watching = watchSource(createConsul({ address: consul.http, services: ['web'] }));
    await until('the instance', () => addresses('web').length === 1);
    const since = watching.seen.length;
    await consul.end();
    await until('a failure', () => last('web')?.kind === 'failure');
    await consul.begin();
    await until('it to be well', () => last('web')?.kind === 'unchanged', { timeoutMs: 5_000 });
    expect(isEmptied(since)).toBe(false);
  });

  test('FAULT5: a server that is replaced by an empty one: what it lost is told without a reason, so that it is held', async () => {
    const consul = await start();
    for (const node of ['a', 'b']) await consul.register({ service: 'web', node, address: '10.0.0.1' });
    await consul.register({ service: 'api', node: 'a', address: '10.0.0.1' });
    let held = false;
    const options = { address: consul.http, wait: '1s' };
    watching = watchSource(createConsul(options, { isHeld: (scope) => held && scope === 'local/web' }));
    await until('both services', () => addresses('web').length === 2 && addresses('api').length === 1);
    await consul.end('hard');
    held = true;
    await consul.begin();
    await until('the loss', () =>
      watching?.seen.some((one) => completeOf('local/web')(one) && one.instances.length === 0),
    );
    const read = () =>
      watching?.seen.filter((one) => one.scope === 'local/web' && !isFailure(one)).length ?? 0;
    const before = read();
    await until('equal reads, while it is held', () => read() >= before + 2);
    const stated = watching.seen.filter(
      (one) => isComplete(one) && one.reason === 'stated' && /^local\/(web|api)$/.test(one.scope),
    );
    expect(stated).toEqual([]);
    held = false;
    await consul.register({ service: 'web', node: 'c', address: '10.0.0.3' });
    await until('what is new', () => addresses('web').join() === '10.0.0.3');
  });

  test('FAULT5: an old snapshot is restored: what is not in it is told without a reason', async () => {
    const consul = await start();
    const snapshot = async (method: 'GET' | 'PUT', body?: ArrayBuffer) => {
      const response = await fetch(`${consul.http}/v1/snapshot`, { method, body: body ?? null });
      expect(response.status).toBe(200);
      return response.arrayBuffer();
    };
    await consul.register({ service: 'web', node: 'a', address: '10.0.0.1' });
    await consul.register({ service: 'api', node: 'a', address: '10.0.0.1' });
    const old = await snapshot('GET');
    for (const node of ['b', 'c', 'd']) await consul.register({ service: 'web', node, address: '10.0.0.2' });
    await consul.register({ service: 'new', node: 'b', address: '10.0.0.3' });
    // Asked between two questions, Consul does not say that it went back: then the wait ends it.
    watching = watchSource(createConsul({ address: consul.http, wait: '5s' }));
    await until('all', () => addresses('web').length === 4 && addresses('new').length === 1);
    // Both have had an event since, so that their next answers could be one too.
    await consul.register({ service: 'web', node: 'e', address: '10.0.0.4' });
    await until('the event', () => addresses('web').length === 5);
    const since = watching.seen.length;
    await snapshot('PUT', old);
    await until('the loss', () => addresses('web').length === 1, { timeoutMs: 20_000 });
    await until('the other loss', () => addresses('new').length === 0, { timeoutMs: 20_000 });
    const stated = watching.seen
      .slice(since)
      .filter(
        (one) => isComplete(one) && one.reason === 'stated' && /^local\/(web|new|api)$/.test(one.scope),
      );
    expect(stated).toEqual([]);
  });

  test.each([
    ['https', 8, true],
    ['http', 150, false],
  ] as const)(
    'SRC7: 320 services over %s: never more than %d connections, and a change arrives',
    async (scheme, limit, tls) => {
      const consul = await start({ tls });
      const names = Array.from({ length: 320 }, (_, n) => `s${n}`);
      for (const [n, service] of names.entries())
        await consul.register({ service, node: `node-${n % 20}`, address: `10.1.${n >> 8}.${n & 255}` });
      proxy = await startCountingProxy(consul.ports[scheme]);
      const files = tls ? { tls: { ca: consul.ca } } : {};
      const address = `${scheme}://127.0.0.1:${proxy.port}`;
      watching = watchSource(createConsul({ address, services: names, ...files }));
      await until(
        'all services',
        () => new Set(watching?.seen.filter(isComplete).map(({ scope }) => scope)).size === 320,
        { timeoutMs: 25_000 },
      );
      await consul.register({ service: 's319', node: 'node-19', address: '10.1.1.63', status: 'critical' });
      await until(
        'the change',
        () =>
          watching?.seen.some(
            (one) => completeOf('local/s319')(one) && one.instances[0]?.health === 'UNHEALTHY',
          ),
        { timeoutMs: 5_000 },
      );
      await consul.deregister('node-18', 's318');
      await until(
        'the loss',
        () =>
          watching?.seen.some(
            (one) => completeOf('local/s318')(one) && one.instances.length === 0 && one.reason === 'stated',
          ),
        { timeoutMs: 5_000 },
      );
      expect(proxy.most).toBeLessThanOrEqual(limit);
      expect(watching.seen.filter(isFailure)).toEqual([]);
    },
  );
});
