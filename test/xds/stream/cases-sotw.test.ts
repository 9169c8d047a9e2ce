import { describe, expect, it } from 'vitest';
import { Pushes, TYPE_URL } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const sotw = () => harness('sotw', new Pushes('test'));
const OTHER = 'type.googleapis.com/other';

/** go-control-plane's own cases of state of the world, by the name they have there. */
describe('server_test', () => {
  it.each([EDS, CDS, RDS, TYPE_URL.scopedRoute, LDS, SDS, TYPE_URL.runtime, TYPE_URL.extensionConfig, OTHER])(
    'TestResponseHandlers: the first request for %s brings exactly one response',
    (type) => {
      const node = sotw();
      node.serve(snapshotOf({ [type]: named('a') }));
      const all = node.ask({ type, names: ['a'] });
      expect(all.map(({ typeUrl, names }) => [typeUrl, names])).toEqual([[type, ['a']]]);
    },
  );

  it('TestStaleNonce: an unknown nonce opens and changes nothing, the right one is the ACK', () => {
    const node = sotw();
    node.serve(snapshotOf({ [EDS]: named('a') }));
    const [first] = node.ask({ type: EDS, names: ['a'] });
    expect(node.ask({ type: EDS, names: ['a'], nonce: 'unknown', version: first?.version ?? '' })).toEqual(
      [],
    );
    expect(node.events).toEqual([]);
    expect(node.ack(EDS, { names: ['a'], version: first?.version ?? '' })).toEqual([]);
    expect(node.events).toEqual([
      { kind: 'ack', typeUrl: EDS, nonce: first?.nonce, version: first?.version },
    ]);
  });

  it('TestAggregatedHandlers: seven types interleaved, one response each', () => {
    const types = [LDS, RDS, SDS, EDS, CDS, TYPE_URL.runtime, TYPE_URL.extensionConfig];
    const node = sotw();
    node.serve(snapshotOf(Object.fromEntries(types.map((type) => [type, named('a')]))));
    const all = types.flatMap((type) => node.ask({ type, names: ['a'] }));
    expect(all.map(({ typeUrl }) => typeUrl).toSorted()).toEqual(types.toSorted());
  });

  it('TestAggregatedHandlersDropStaleResponseAfterUnsubscribe: nothing is sent for what was given up (O4)', () => {
    const node = sotw();
    const one = snapshotOf({ [EDS]: named('a', 'b') });
    node.serve(one);
    node.ask({ type: EDS, names: ['a'] });
    expect(node.serve(one.with([{ typeUrl: EDS, set: [resource('a', '2')] }]))).toEqual([]);
    expect(told(node.ack(EDS, { names: ['b'] }))).toEqual(['EDS +b']);
    expect(node.ack(EDS, { names: [] })).toEqual([]);
  });

  it('TestOpaqueRequestsChannelMuxing: unknown types are served, a later request supersedes the earlier', () => {
    const node = sotw();
    for (let at = 0; at < 10; at += 1) node.ask({ type: OTHER, names: [`n${at}`] });
    const all = node.serve(snapshotOf({ [OTHER]: named('n0', 'n9') }));
    expect(all.map(({ names }) => names)).toEqual([['n9']]);
  });
});

describe('simple_test', () => {
  it('TestSnapshotCacheWatch: a watch before any snapshot; only the type that changed is answered', () => {
    const node = sotw();
    for (const type of [CDS, EDS, RDS, LDS]) node.ask({ type, names: ['a'] });
    const one = snapshotOf({ [CDS]: named('a'), [EDS]: named('a'), [RDS]: named('a'), [LDS]: named('a') });
    expect(told(node.serve(one))).toEqual(['CDS +a', 'EDS +a', 'LDS +a', 'RDS +a']);
    for (const type of [CDS, EDS, RDS, LDS]) expect(node.ack(type, { names: ['a'] })).toEqual([]);
    expect(
      told(node.serve(one.with([{ typeUrl: CDS, set: named('b').concat(resource('a', '2')) }]))),
    ).toEqual([
      'CDS +a',
      'EDS +a', // its cluster changed (O6)
    ]);
  });

  it('TestSnapshotCreateWatchWithResourcePreviouslyNotRequested: a grown list at the same version', () => {
    const node = sotw();
    node.serve(snapshotOf({ [CDS]: named('c1', 'c2') }));
    const [first] = node.ask({ names: ['c1'] });
    const [second] = node.ack(CDS, { names: ['c1', 'c2'] });
    expect([second?.names.toSorted(), second?.version]).toEqual([['c1', 'c2'], first?.version]);
    expect(node.ack(CDS, { names: ['c2', 'c1'] })).toEqual([]);
  });

  it('TestFetch (client): the second full list lacks what was removed', () => {
    const node = sotw();
    const one = snapshotOf({ [CDS]: named('a', 'b', 'c') });
    expect(node.ask({})).toEqual([]);
    expect(told(node.serve(one))).toEqual(['CDS +a +b +c']);
    node.ack(CDS);
    expect(told(node.serve(one.with([{ typeUrl: CDS, remove: ['c'] }])))).toEqual(['CDS +a +b']);
  });
});

describe('linear_test', () => {
  it('TestLinearBasic: named and wildcard watches before the resource exists', () => {
    const [wild, one] = [sotw(), sotw()];
    for (const node of [wild, one]) node.serve(snapshotOf({}));
    expect(told(wild.ask({}))).toEqual(['CDS']);
    expect(told(one.ask({ names: ['a'] }))).toEqual(['CDS']);
    wild.ack(CDS);
    one.ack(CDS, { names: ['a'] });
    for (const node of [wild, one])
      expect(told(node.serve(snapshotOf({ [CDS]: named('a') })))).toEqual(['CDS +a']);
  });

  it('TestLinearDeletion/non full-state: a removed assignment is not told', () => {
    const node = sotw();
    const one = snapshotOf({ [EDS]: named('a', 'b') });
    node.serve(one);
    node.ask({ type: EDS, names: ['a', 'b'] });
    node.ack(EDS, { names: ['a', 'b'] });
    expect(node.serve(one.with([{ typeUrl: EDS, remove: ['b'] }]))).toEqual([]);
    expect(node.pass(60_000)).toEqual([]);
  });

  it('TestLinearSotwWatches/watches return full state', () => {
    const lists = [['a', 'b'], [], ['a', 'c']];
    const nodes = lists.map((names) => {
      const node = sotw();
      node.serve(snapshotOf({ [CDS]: named('a', 'b', 'c') }));
      node.ask({ names });
      node.ack(CDS, { names });
      return node;
    });
    const next = snapshotOf({ [CDS]: [...named('a', 'c'), resource('b', '2')] });
    expect(nodes.map((node) => told(node.serve(next)))).toEqual([['CDS +a +b'], ['CDS +a +b +c'], []]);
  });

  it.each([
    [EDS, ['EDS +a'], ['EDS +c']],
    [CDS, ['CDS +a'], ['CDS +a +c']],
  ])('TestLinearSotwNonWildcard: %s', (type, first, grown) => {
    const snapshot = snapshotOf({ [type]: named('a', 'b', 'c') });
    const node = sotw();
    node.serve(snapshot);
    // What another stream was sent is not trusted here.
    expect(told(node.ask({ type, names: ['a'], version: snapshot.resources(type).label }))).toEqual(first);
    expect(told(node.ack(type, { names: ['a', 'c'] }))).toEqual(grown);
    expect(node.ack(type, { names: ['c'] })).toEqual([]);
    const all = type === CDS ? ['CDS +a +b +c'] : ['EDS +a +b +c'];
    expect(told(node.ack(type, { names: ['*'] }))).toEqual(all);
    expect(node.ack(type, { names: ['*'] })).toEqual([]);
    expect(told(node.ack(type, { names: ['b'] }))).toEqual([type === CDS ? 'CDS +b' : 'EDS +b']);
  });

  it('TestLinearSotwNonWildcard: named with none of them there, the first answer is empty', () => {
    const node = sotw();
    node.serve(snapshotOf({ [RDS]: named('a') }));
    expect(told(node.ask({ type: RDS, names: ['none'] }))).toEqual(['RDS']);
    expect(node.ack(RDS, { names: ['none'] })).toEqual([]);
  });
});
