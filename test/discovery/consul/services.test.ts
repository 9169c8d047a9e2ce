import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SourceContext, Wanted } from '../../../src/discovery/source.ts';
import { until } from '../../parts/until.ts';
import { addressesOf, expectContract, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, startFakeConsul } from './fake-consul.ts';
import { serviceOf } from './fake-registry.ts';
import { completeOf, createConsul } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const B = { node: 'b', address: '10.0.0.2' };

/** What the config asks for, which a test may change. */
function wanting(...names: string[]): Wanted & { set(...names: string[]): void } {
  let current: ReadonlySet<string> | undefined = new Set(names);
  const listeners = new Set<() => void>();
  return {
    current: () => current,
    onChange: (listener, signal) => {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener));
    },
    set: (...next) => {
      current = new Set(next);
      for (const listener of listeners) listener();
    },
  };
}

describe('which services of a Consul are watched', () => {
  let fake: FakeConsul;
  let watching: Watching;
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    watching = watchSource(createConsul({ address: fake.url, ...options }, context));
    return watching;
  };
  const asked = () => new Set(fake.requests.flatMap(({ path }) => serviceOf(path) ?? []));
  const heldServices = () => fake.held.flatMap(({ path }) => serviceOf(path) ?? []).sort();
  const holding = (...names: string[]) =>
    until(`${names} to be held, and the list`, () => {
      const isListHeld = fake.held.some(({ path }) => path === '/v1/catalog/services');
      return isListHeld && heldServices().join() === names.join();
    });

  beforeEach(async () => {
    fake = await startFakeConsul();
    fake.registry.put('api', [B]);
    fake.registry.put('web', [A]);
  });
  afterEach(async () => {
    await watching.stop();
    expectContract(watching.seen);
    await fake.stop();
  });

  test('all that the catalog has, where the config names none; a new one is found, one that left is closed', async () => {
    watch();
    await holding('api', 'web');
    expect(watching.seen.map(({ scope, more }) => [scope, more]).sort()).toContainEqual(['local/api', true]);
    expect(watching.seen.at(-1)?.more).toBeUndefined();
    fake.change((registry) => registry.put('new', [A]));
    expect(addressesOf(await watching.next(completeOf('local/new')))).toEqual(['10.0.0.1']);
    await holding('api', 'new', 'web');
    fake.change((registry) => registry.remove('api'));
    const closed = await watching.next((one) => isComplete(one) && one.closed === true);
    expect(closed).toMatchObject({ scope: 'local/api', instances: [], reason: 'stated' });
    await holding('new', 'web');
  });

  test('SRC6: a service that is absent is told empty, and waited for by the list alone', async () => {
    watch({ services: ['web', 'later'] });
    const empty = await watching.next(completeOf('local/later'));
    expect(empty).toMatchObject({ instances: [], service: 'later' });
    expect(empty.reason).toBeUndefined();
    await holding('web');
    expect(asked()).toEqual(new Set(['web']));
    fake.change((registry) => registry.put('later', [B]));
    expect(addressesOf(await watching.next(completeOf('local/later')))).toEqual(['10.0.0.2']);
  });

  test('a Consul without any service says so: the first round is over', async () => {
    fake.registry.hide('api');
    fake.registry.hide('web');
    watch();
    const first = await watching.next(() => true);
    expect(first).toMatchObject({ kind: 'complete', instances: [] });
    expect(first.more).toBeUndefined();
  });

  test('what the config asks for may change while it runs', async () => {
    const wanted = wanting('web');
    watch({}, { wanted });
    await holding('web');
    wanted.set('web', 'api');
    expect(addressesOf(await watching.next(completeOf('local/api')))).toEqual(['10.0.0.2']);
    await holding('api', 'web');
    wanted.set('api', 'nobody');
    const closed = await watching.next(completeOf('local/web'));
    expect(closed).toMatchObject({ instances: [], closed: true, reason: 'stated' });
    expect((await watching.next(completeOf('local/nobody'))).instances).toEqual([]);
    await holding('api');
    expect(asked().has('nobody')).toBe(false);
  });

  test('only those of `services`, that have all the tags', async () => {
    fake.registry.put('tagged', [{ ...A, tags: ['v2', 'public'] }]);
    fake.registry.put('half', [{ ...A, tags: ['v2'] }]);
    watch({ services: ['tagged', 'half'], tags: ['v2', 'public'] });
    await watching.next(completeOf('local/tagged'));
    await holding('tagged');
    expect(fake.requests.find(({ path }) => serviceOf(path) === 'tagged')?.query.getAll('tag')).toEqual([
      'v2',
      'public',
    ]);
    expect(asked()).toEqual(new Set(['tagged']));
  });

  test('SRC14: scopes of before that nobody wants are closed; those that are wanted and gone are not stated', async () => {
    const knownScopes = ['local/old', 'local/web', 'local/gone'];
    watch({}, { knownScopes, wanted: wanting('web', 'gone') });
    const old = await watching.next(completeOf('local/old'));
    expect(old).toMatchObject({ instances: [], closed: true, reason: 'stated' });
    await holding('web');
    const gone = watching.seen.find(({ scope }) => scope === 'local/gone');
    expect(gone).toMatchObject({ kind: 'complete', instances: [] });
    expect(gone).not.toHaveProperty('reason');
  });

  test('SRC2: a list that is emptied after a restart of Consul states nothing', async () => {
    watch();
    await holding('api', 'web');
    fake.script(() => 'cut');
    fake.registry.hide('api');
    fake.registry.hide('web');
    fake.registry.index = 1;
    await watching.next(isFailure);
    fake.script(undefined);
    const closed = await watching.next((one) => isComplete(one) && one.scope !== 'local');
    expect(closed).toMatchObject({ instances: [], closed: true });
    expect(
      watching.seen.filter((one) => isComplete(one) && one.reason === 'stated' && one.scope !== 'local'),
    ).toEqual([]);
  });

  test('SRC2: a service that is back without its tags after a restart of Consul states nothing', async () => {
    fake.registry.put('web', [{ ...A, tags: ['v2'] }]);
    watch({ services: ['web'], tags: ['v2'] });
    await holding('web');
    fake.script(() => 'cut');
    await watching.next(isFailure);
    fake.registry.put('web', [A]);
    fake.registry.index = 1;
    fake.script(undefined);
    const closed = await watching.next((one) => completeOf('local/web')(one) && one.closed === true);
    expect(closed).not.toHaveProperty('reason');
  });

  test('SRC6: two services whose names differ in case are two', async () => {
    fake.registry.put('Web', [B]);
    watch({ services: ['web', 'Web'] });
    expect(addressesOf(await watching.next(completeOf('local/Web')))).toEqual(['10.0.0.2']);
    await holding('Web', 'web');
  });

  test('a name that needs escaping, and one that an object has by itself', async () => {
    for (const name of ['a/b?c#d %', 'constructor', 'ünï']) fake.registry.put(name, [A]);
    watch({ services: ['a/b?c#d %', 'constructor', 'ünï'] });
    await holding('a/b?c#d %', 'constructor', 'ünï');
    expect(watching.seen.filter(isComplete).map(addressesOf)).toEqual(Array(3).fill(['10.0.0.1']));
  });

  describe('SRC6: a token that may not see everything', () => {
    const filtered = { 'x-consul-results-filtered-by-acls': 'true' };

    test('an instance that goes and comes is followed, and its loss is never stated', async () => {
      fake.headers(filtered);
      watch({ services: ['web'] });
      expect(addressesOf(await watching.next(completeOf('local/web')))).toEqual(['10.0.0.1']);
      await holding('web');
      fake.change((registry) => registry.put('web', [A, B]));
      expect(addressesOf(await watching.next(completeOf('local/web')))).toEqual(['10.0.0.1', '10.0.0.2']);
      await until('the next question', () =>
        fake.requests.some(({ query }) => query.get('index') === String(fake.registry.index)),
      );
      fake.change((registry) => registry.put('web', [B]));
      const less = await watching.next(completeOf('local/web'));
      expect(addressesOf(less)).toEqual(['10.0.0.2']);
      expect(less.reason).toBeUndefined();
    });

    test('a service that is emptied is a failure that names the permission', async () => {
      watch({ services: ['web'] });
      await holding('web');
      fake.script(({ path }) => (serviceOf(path) === 'web' ? { body: [], headers: filtered } : undefined));
      const failure = await watching.next((one) => one.scope === 'local/web' && isFailure(one));
      expect(failure).toMatchObject({
        error: { message: expect.stringContaining('service:read and node:read') },
      });
    });

    test('a service that it never saw whole and now not at all is a failure too', async () => {
      fake.headers(filtered);
      watch({ services: ['web'] });
      await holding('web');
      fake.change((registry) => registry.put('web', []));
      const next = () => watching.seen.filter(({ scope }) => scope === 'local/web')[1];
      expect((await until('the next report', next)).kind).toBe('failure');
      expect(watching.seen.filter((one) => isComplete(one) && one.instances.length === 0)).toEqual([]);
    });

    test('a list that is emptied is a failure that names the permission', async () => {
      watch();
      await holding('api', 'web');
      fake.script(({ path }) =>
        path === '/v1/catalog/services' ? { body: {}, headers: filtered } : undefined,
      );
      const failure = await watching.next(isFailure);
      expect(failure).toMatchObject({
        scope: 'local',
        error: { message: expect.stringContaining('service:read and node:read') },
      });
      expect(watching.seen.filter((one) => isComplete(one) && one.closed === true)).toEqual([]);
    });

    test('a list that was never whole goes on being followed when a service of it leaves', async () => {
      const isList = ({ path }: { path: string }) => path === '/v1/catalog/services';
      let version = 20;
      const list = (names: string[]) => {
        version += 1;
        const headers = { ...filtered, 'x-consul-index': String(version) };
        const body = Object.fromEntries(names.map((name) => [name, []]));
        fake.script((request) => {
          if (!isList(request)) return undefined;
          return request.query.get('index') === String(version) ? 'hang' : { body, headers };
        });
      };
      list(['api', 'web']);
      watch();
      await holding('api', 'web');
      list(['web']);
      const closed = await watching.next((one) => isFailure(one) || (isComplete(one) && one.closed === true));
      expect(closed).toMatchObject({ kind: 'complete', scope: 'local/api' });
      expect(closed).not.toHaveProperty('reason');
      fake.registry.put('new', [B]);
      list(['new', 'web']);
      expect(addressesOf(await watching.next(completeOf('local/new')))).toEqual(['10.0.0.2']);
    });
  });
});
