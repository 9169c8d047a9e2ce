import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SourceContext } from '../../../src/discovery/source.ts';
import { until } from '../../parts/until.ts';
import { addressesOf, expectContract, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, type FakeRequest, startFakeConsul } from './fake-consul.ts';
import { completeOf, createConsul } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const B = { node: 'b', address: '10.0.0.2' };
const web = completeOf('local/web');

describe('blocking queries', () => {
  let fake: FakeConsul;
  let watching: Watching;
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    watching = watchSource(createConsul({ address: fake.url, services: ['web'], ...options }, context));
    return watching;
  };
  const isHealth = ({ path }: FakeRequest) => path === '/v1/health/service/web';
  const healths = () => fake.requests.filter(isHealth).map(({ query }) => query.get('index'));
  const heldHealth = () => until('a health query to be held', () => fake.held.find(isHealth));
  /** Settled on A and B, its question held back. */
  const settled = async (options: object = {}, context: Partial<SourceContext> = {}) => {
    const report = await watch(options, context).next(web);
    await heldHealth();
    await until('the list to be held', () => fake.held.length === 2);
    return report;
  };

  beforeEach(async () => {
    fake = await startFakeConsul();
    fake.registry.put('web', [A, B]);
  });
  afterEach(async () => {
    await watching.stop();
    expectContract(watching.seen);
    await fake.stop();
  });

  test('SRC6: the first question is not held back, the next names the index and the wait', async () => {
    const report = await settled();
    expect(report).toMatchObject({ scope: 'local/web', service: 'web' });
    expect(report.reason).toBeUndefined();
    expect(addressesOf(report)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(healths()).toEqual([null, '11']);
    expect((await heldHealth()).query.get('wait')).toBe('300000ms');
    expect((await heldHealth()).query.has('stale')).toBe(true);
  });

  test('SRC2: what an event took away is stated, and what stays is the same object', async () => {
    const before = await settled();
    fake.change((registry) => registry.put('web', [A]));
    const after = await watching.next(web);
    expect(after.reason).toBe('stated');
    expect(addressesOf(after)).toEqual(['10.0.0.1']);
    expect(after.instances[0]).toBe(before.instances[0]);
  });

  test('SRC6: a wake-up without a change is `unchanged`, and so are output and indexes alone', async () => {
    await settled();
    fake.wake();
    expect((await watching.next((one) => one.scope === 'local/web')).kind).toBe('unchanged');
    await heldHealth();
    fake.change((registry) =>
      registry.put('web', [
        { ...A, output: 'took 12 ms' },
        { ...B, output: 'took 90 ms' },
      ]),
    );
    expect((await watching.next((one) => one.scope === 'local/web')).kind).toBe('unchanged');
  });

  test('SRC6: an index that goes back begins at 0 again, and what is gone then is not stated', async () => {
    await settled();
    fake.change((registry) => {
      registry.put('web', [A]);
      registry.index = 3;
    });
    const report = await watching.next(web);
    expect(addressesOf(report)).toEqual(['10.0.0.1']);
    expect(report.reason).toBeUndefined();
    await heldHealth();
    // The held one, then the proof by the leader or the new beginning that the list asks for, whichever is first.
    const [first, held, ...anew] = healths();
    expect([first, held, anew.at(-1)]).toEqual([null, '11', '3']);
    expect(new Set(anew.slice(0, -1))).toEqual(new Set([null]));
    // From here on it is an event again.
    fake.change((registry) => registry.put('web', [A, B]));
    await watching.next(web);
    await heldHealth();
    fake.change((registry) => registry.put('web', [B]));
    expect((await watching.next(web)).reason).toBe('stated');
  });

  test('SRC6: a list whose index goes back has every service asked anew: the view of one may wake nobody', async () => {
    await settled();
    fake.script((request) => (isHealth(request) && request.query.get('index') === '11' ? 'hang' : undefined));
    fake.change((registry) => {
      registry.index = 3;
      registry.hide('other');
    });
    await until('a question from the beginning', () => healths().at(-1) === '3');
    expect(healths()).toEqual([null, '11', null, '3']);
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });

  test('SRC6: a list that is woken early with nothing new may be of a restored snapshot: all is asked anew', async () => {
    await settled();
    fake.script((request) => (isHealth(request) && request.query.get('index') === '11' ? 'hang' : undefined));
    // The index of the registry stays, as Consul answers with what was before.
    const lists = () => fake.requests.filter((one) => !isHealth(one)).map(({ query }) => query.get('index'));
    fake.wake(({ path }) => path === '/v1/catalog/services');
    await until(
      'the service to be asked anew',
      () => healths().filter((index) => index === null).length === 2,
    );
    expect(lists()).toEqual([null, '11', null]);
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });

  test('SRC6: an index that went back with everything gone is asked of the leader, which has it all', async () => {
    await settled();
    const empty = { body: [], headers: { 'x-consul-index': '2' } };
    fake.script(({ path, query }) =>
      path === '/v1/health/service/web' && query.has('stale') && query.has('index') ? empty : undefined,
    );
    await until('a question to the leader', () => fake.requests.some(({ query }) => query.has('consistent')));
    fake.script(undefined);
    await heldHealth();
    expect(watching.seen.filter((one) => one.kind === 'complete' && one.instances.length < 2)).toEqual([]);
    expect(watching.seen.filter(isFailure)).toEqual([]);
  });

  test('SRC6: index 0, none, and one that is no number count as 1', async () => {
    for (const index of ['0', '', 'none', '-4', '1e400']) {
      fake.script(() => ({ headers: { 'x-consul-index': index } }));
      watch();
      await until('a second question', () => healths().length >= 2);
      fake.script(() => 'hang');
      expect(healths()[1], index).toBe('1');
      await watching.stop();
      fake.requests.length = 0;
    }
  });

  test('SRC6: an index that moves with every answer makes no storm', async () => {
    let index = 20;
    watch();
    fake.script(() => ({ headers: { 'x-consul-index': String(++index) } }));
    const began = performance.now();
    await until('eight questions', () => healths().length >= 8);
    // Two at once, then one in 250 ms.
    expect(performance.now() - began).toBeGreaterThan(1400);
  });

  describe('SRC6: an answer that may be wrong', () => {
    const doubts = [
      ['knows no leader', { 'x-consul-knownleader': 'false' }, /no leader/],
      ['is behind its leader', { 'x-consul-lastcontact': '10001' }, /10001 ms behind/],
    ] as const;

    test.each(doubts)('of a server that %s: the leader is asked, and is believed', async (_, headers) => {
      await settled();
      fake.registry.put('web', [A]);
      fake.script(({ query }) => (query.has('consistent') ? undefined : { body: [], headers }));
      const report = await watching.next(web);
      expect(addressesOf(report)).toEqual(['10.0.0.1']);
      expect(report.reason).toBeUndefined();
    });

    test.each(doubts)(
      'of a server that %s, and no leader: it fails, nothing is emptied',
      async (_, headers, words) => {
        await settled();
        fake.script((request) => ({ ...(isHealth(request) ? { body: [] } : { body: {} }), headers }));
        const failure = await watching.next((one) => one.scope === 'local/web' && one.kind === 'failure');
        expect(failure).toMatchObject({ error: { message: expect.stringMatching(words) } });
        expect(
          watching.seen.filter(
            (one) => one.kind === 'complete' && one.closed !== true && one.instances.length < 2,
          ),
        ).toEqual([]);
      },
    );

    test("a loss in an agent's view, which knows no leader, is proved by the leader and stated", async () => {
      const headers = { 'x-consul-knownleader': 'false', 'x-consul-query-backend': 'streaming' };
      await settled();
      fake.headers(headers);
      fake.change((registry) => registry.put('web', [A]));
      const report = await watching.next(web);
      expect([report.reason, addressesOf(report)]).toEqual(['stated', ['10.0.0.1']]);
      const proofs = () => fake.requests.filter(({ query }) => query.has('consistent')).length;
      expect(proofs()).toBe(1);
      // What is no loss needs none.
      await heldHealth();
      fake.change((registry) => registry.put('web', [A, B]));
      expect(addressesOf(await watching.next(web))).toEqual(['10.0.0.1', '10.0.0.2']);
      expect(proofs()).toBe(1);
    });

    test('a server that is behind by no more than maxStale is believed', async () => {
      await settled({ maxStale: '20s' });
      fake.script(() => ({ headers: { 'x-consul-lastcontact': '10001' } }));
      fake.change((registry) => registry.put('web', [A]));
      expect(addressesOf(await watching.next(web))).toEqual(['10.0.0.1']);
      expect(fake.requests.some(({ query }) => query.has('consistent'))).toBe(false);
    });
  });

  test('SRC2: while the guard holds a scope it is read every 20 s, for equal reads to count', async () => {
    let held = false;
    await settled({}, { isHeld: (scope) => held && scope === 'local/web' });
    held = true;
    fake.wake();
    await until('a shorter wait', async () => (await heldHealth()).query.get('wait') === '20000ms');
    held = false;
    fake.wake();
    await until('the usual wait', async () => (await heldHealth()).query.get('wait') === '300000ms');
  });
});
