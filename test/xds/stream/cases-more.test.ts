import { describe, expect, it } from 'vitest';
import { Pushes, type Snapshot, SnapshotCache, TYPE_URL } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));
const sotw = () => harness('sotw', new Pushes('test'));

describe('rules', () => {
  it('D9: what is gone is told, but for types whose removal breaks the client', () => {
    const types = [RDS, TYPE_URL.extensionConfig];
    const one = snapshotOf(Object.fromEntries(types.map((type) => [type, named('a', 'b')])));
    const without = one.with(types.map((typeUrl) => ({ typeUrl, remove: ['a'], set: [resource('b', '2')] })));
    const removed = types.flatMap((type) => {
      const node = delta();
      node.serve(one);
      const asked = node.ask({ type, names: ['a', 'b', 'none'] });
      node.ack(type);
      return [...asked, ...node.serve(without)].map((push) => push.removed);
    });
    expect(removed).toEqual([['none'], ['a'], [], []]);
    const returned = delta();
    returned.serve(without);
    const [push] = returned.ask({ type: types[1] ?? '', names: ['a', 'b'], known: { a: '1', b: '1' } });
    expect([push?.names, push?.removed]).toEqual([['b'], []]);
  });

  it('D2: every name that is subscribed is answered, though it is current and was just sent', () => {
    const node = delta();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    node.ask({ type: EDS, names: ['a', 'b'] });
    expect(told(node.ack(EDS, { names: ['a'] }))).toEqual(['EDS +a']);
    expect(told(node.ack(EDS, { names: ['none'] }))).toEqual(['EDS -none']);
  });

  it.each(['delta', 'sotw'] as const)(
    'O1 O2 O3, TestOrderKeys: however the types were asked for, they leave in one order (%s)',
    (variant) => {
      const node = harness(variant, new Pushes('test'));
      for (const type of [RDS, LDS, SDS, EDS, CDS])
        node.ask({ type, names: [CDS, LDS].includes(type) ? [] : ['a'] });
      const everything = Object.fromEntries([RDS, LDS, SDS, EDS, CDS].map((type) => [type, named('a')]));
      expect(told(node.serve(snapshotOf(everything)))).toEqual([
        'CDS +a',
        'EDS +a',
        'SDS +a',
        'LDS +a',
        'RDS +a',
      ]);
    },
  );

  it.each(['delta', 'sotw'] as const)(
    'O8: a client that names less than there is, or more than there is, is answered at once (%s)',
    (variant) => {
      const node = harness(variant, new Pushes('test'));
      node.serve(snapshotOf({ [SDS]: named('a', 'unasked') }));
      const [push] = node.ask({ type: SDS, names: ['a', 'missing'] });
      expect(push?.names).toEqual(['a']);
    },
  );

  it.each(['delta', 'sotw'] as const)(
    'S1 S2 S3: a rotated secret is one push of new bytes under the same name, to those who named it (%s)',
    (variant) => {
      const holder = harness(variant, new Pushes('test'), SDS);
      const stranger = harness(variant, new Pushes('test'), SDS);
      const one = snapshotOf({ [SDS]: named('mine', 'theirs') });
      for (const node of [holder, stranger]) node.serve(one);
      holder.ask({ type: SDS, names: ['mine'] });
      stranger.ask({ type: SDS });
      holder.ack(SDS, { names: variant === 'sotw' ? ['mine'] : [] });
      const two = one.with([{ typeUrl: SDS, set: [resource('mine', '2')] }]);
      expect(told(holder.serve(two))).toEqual(['SDS +mine']);
      expect(stranger.serve(two)).toEqual([]);
    },
  );
});

describe('linear_test', () => {
  it('TestLinearInitialResources: a name gets the one, the wildcard gets all', () => {
    const node = sotw();
    node.serve(snapshotOf({ [CDS]: named('a', 'b'), [EDS]: named('a', 'b') }));
    expect(told(node.ask({ type: EDS, names: ['a'] }))).toEqual(['EDS +a']);
    expect(told(node.ask({ type: CDS }))).toEqual(['CDS +a +b']);
  });

  it('TestLinearVersionPrefix: a version of another server is not trusted', () => {
    const node = sotw();
    const cache = new SnapshotCache();
    cache.setResources('k', RDS, named('a'), { version: 'here-1' });
    node.serve(cache.get('k') ?? snapshotOf({}));
    const [push] = node.ask({ type: RDS, names: ['a'], version: 'there-1' });
    expect([push?.names, push?.version]).toEqual([['a'], 'here-1']);
  });

  it('TestLinearDeltaExistingResources: those that exist are sent', () => {
    const node = delta();
    node.serve(snapshotOf({ [RDS]: named('a', 'b') }));
    expect(told(node.ask({ type: RDS, names: ['a', 'c'] }))).toEqual(['RDS +a -c']);
  });

  it('TestLinearDeltaResourceUpdate, TestLinearDeltaResourceDelete: the change alone, never what is not watched', () => {
    const node = delta();
    const one = snapshotOf({ [RDS]: named('a', 'b', 'c') });
    node.serve(one);
    node.ask({ type: RDS, names: ['a', 'b'] });
    node.ack(RDS);
    expect(node.serve(one.with([{ typeUrl: RDS, set: [resource('c', '2')] }]))).toEqual([]);
    const two = one.with([{ typeUrl: RDS, set: [resource('a', '2')] }]);
    expect(told(node.serve(two))).toEqual(['RDS +a']);
    node.ack(RDS);
    expect(told(node.serve(two.with([{ typeUrl: RDS, remove: ['a', 'c'] }])))).toEqual(['RDS -a']);
  });

  it('TestLinearCancel: one watch that ends leaves the others alone', () => {
    const cache = new SnapshotCache();
    const heard: string[] = [];
    const cancel = cache.watch('k', () => heard.push('first'));
    cache.watch('k', () => heard.push('second'));
    cancel();
    cache.setResources('k', RDS, named('a'));
    expect(heard).toEqual(['second']);
  });
});

describe('simple_test', () => {
  it('TestAvertPanicForWatchOnNonExistentSnapshot: time passes over a watch without a snapshot', () => {
    const node = sotw();
    expect([...node.ask({}), ...node.pass(60_000)]).toEqual([]);
    expect(told(node.serve(snapshotOf({ [CDS]: named('a') })))).toEqual(['CDS +a']);
  });

  it('TestConcurrentSetWatch: a set and a watch from within a watch lose nothing', () => {
    const cache = new SnapshotCache();
    const seen: Snapshot[] = [];
    const stop = cache.watch('k', (snapshot) => {
      if (snapshot.resources(RDS).size === 1) cache.setResources('k', RDS, named('a', 'b'));
      cache.watch('k', (later) => seen.push(later));
    });
    cache.setResources('k', RDS, named('a'));
    stop();
    cache.setResources('k', RDS, named('a', 'b', 'c'));
    expect(seen.at(-1)?.resources(RDS).size).toBe(3);
    expect(cache.getResources('k', RDS).size).toBe(3);
  });
});
