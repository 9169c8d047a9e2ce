import { describe, expect, it } from 'vitest';
import { Pushes, TYPE_URL } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));
const all = named('1', '2', '3');

/** go-control-plane's own cases of incremental streams, by the name they have there. */
describe('delta_test (server)', () => {
  it.each([CDS, LDS, TYPE_URL.scopedRoute])(
    'TestDeltaResponseHandlersWildcard: no name is everything (%s)',
    (type) => {
      const node = delta();
      node.serve(snapshotOf({ [type]: all }));
      expect(node.ask({ type }).map(({ names }) => names)).toEqual([['1', '2', '3']]);
    },
  );

  it('TestDeltaAggregatedHandlers: types with names and without, one response each', () => {
    const node = delta();
    const types = [RDS, SDS, EDS, TYPE_URL.runtime, TYPE_URL.extensionConfig];
    node.serve(snapshotOf(Object.fromEntries([CDS, LDS, ...types].map((type) => [type, all]))));
    const pushes = [CDS, LDS].flatMap((type) => node.ask({ type }));
    for (const type of types) pushes.push(...node.ask({ type, names: ['2'] }));
    expect(pushes.map(({ typeUrl }) => typeUrl)).toEqual([CDS, LDS, ...types]);
    expect(pushes.map(({ names }) => names.length)).toEqual([3, 3, 1, 1, 1, 1, 1]);
  });

  it('TestDeltaWildcardSubscriptions/legacy still working', () => {
    const node = delta();
    const one = snapshotOf({ [CDS]: all });
    node.serve(one);
    node.ask({});
    expect(told(node.ack(CDS, { names: ['1'] }))).toEqual(['CDS +1']);
    const two = one.with([{ typeUrl: CDS, set: [resource('1', '2'), resource('3', '2')] }]);
    node.ack(CDS);
    expect(told(node.serve(two))).toEqual(['CDS +1 +3']);
    expect(node.ack(CDS, { unsubscribe: ['*'] })).toEqual([]);
    const three = two.with([{ typeUrl: CDS, set: [resource('1', '3'), resource('3', '3')] }]);
    expect(told(node.serve(three))).toEqual(['CDS +1']);
  });

  it('TestDeltaWildcardSubscriptions/* subscription/unsubscription support', () => {
    const node = delta();
    const one = snapshotOf({ [EDS]: all });
    node.serve(one);
    expect(told(node.ask({ type: EDS, names: ['1'] }))).toEqual(['EDS +1']);
    expect(told(node.ack(EDS, { names: ['*'] }))).toEqual(['EDS +1 +2 +3']);
    expect(told(node.ack(EDS, { names: ['2'] }))).toEqual(['EDS +2']);
    node.ack(EDS);
    const changed = (version: string) => [
      resource('1', version),
      resource('2', version),
      resource('3', version),
    ];
    const two = one.with([{ typeUrl: EDS, set: changed('2') }]);
    expect(told(node.serve(two))).toEqual(['EDS +1 +2 +3']);
    node.ack(EDS, { unsubscribe: ['*'] });
    expect(told(node.serve(two.with([{ typeUrl: EDS, set: changed('3') }])))).toEqual(['EDS +1 +2']);
  });

  it('TestDeltaOpaqueRequestsChannelMuxing: requests that supersede each other leave one response', () => {
    const node = delta();
    const type = 'type.googleapis.com/other';
    for (let at = 0; at < 10; at += 1) node.ask({ type, names: [`n${at}`], unsubscribe: [`n${at - 1}`] });
    expect(node.serve(snapshotOf({ [type]: named('n0', 'n9') })).map(({ names }) => names)).toEqual([['n9']]);
  });

  it('invariants of each message: type, nonce, version of each resource (A4 D6)', () => {
    const pushes = new Pushes('test');
    const node = harness('delta', pushes);
    node.serve(snapshotOf({ [CDS]: all, [EDS]: all }));
    const [cds] = node.ask({});
    const [eds] = node.ask({ type: EDS, names: ['1'] });
    expect([cds?.typeUrl, eds?.typeUrl]).toEqual([CDS, EDS]);
    expect(Number(eds?.nonce)).toBeGreaterThan(Number(cds?.nonce));
    expect(cds?.version).not.toBe('');
  });
});

describe('delta_test (cache)', () => {
  it('TestSnapshotCacheDeltaWatch: before any snapshot; only the type that changed answers', () => {
    const node = delta();
    expect([...node.ask({}), ...node.ask({ type: EDS, names: ['1'] })]).toEqual([]);
    const one = snapshotOf({ [CDS]: all, [EDS]: all });
    expect(told(node.serve(one))).toEqual(['CDS +1 +2 +3', 'EDS +1']);
    expect(node.ack(CDS, { unsubscribe: ['*'] })).toEqual([]);
    node.ack(EDS);
    const next = one.with([{ typeUrl: EDS, set: [resource('1', '2'), resource('2', '2')] }]);
    expect(told(node.serve(next))).toEqual(['EDS +1']);
  });

  it('TestDeltaRemoveResources: what is gone is in removed_resources', () => {
    const node = delta();
    const one = snapshotOf({ [LDS]: all });
    node.serve(one);
    node.ask({ type: LDS });
    node.ack(LDS);
    expect(told(node.serve(one.with([{ typeUrl: LDS, remove: ['1', '2'] }])))).toEqual(['LDS -1 -2']);
    expect(node.ack(LDS)).toEqual([]);
  });
});

describe('linear_test', () => {
  it('TestLinearDeltaWildcard: an empty first answer, then only what is added', () => {
    const node = delta();
    const none = snapshotOf({});
    node.serve(none);
    expect(told(node.ask({}))).toEqual(['CDS']);
    expect(node.ack(CDS)).toEqual([]);
    expect(told(node.serve(none.with([{ typeUrl: CDS, set: named('a') }])))).toEqual(['CDS +a']);
  });

  it('TestLinearDeltaInitialResourcesVersionSet: all current is no answer, later only the change', () => {
    const node = delta();
    const one = snapshotOf({ [RDS]: all });
    node.serve(one);
    expect(node.ask({ type: RDS, names: ['1', '2'], known: { 1: '1', 2: '1' } })).toEqual([]);
    expect(told(node.serve(one.with([{ typeUrl: RDS, set: [resource('2', '2')] }])))).toEqual(['RDS +2']);
  });

  it('TestLinearDeltaMultiResourceUpdates: update and removal in one answer; made again it comes again', () => {
    const node = delta();
    const one = snapshotOf({ [RDS]: all });
    node.serve(one);
    node.ask({ type: RDS, names: ['1', '2'] });
    node.ack(RDS);
    const two = one.with([{ typeUrl: RDS, set: [resource('1', '2'), resource('3', '2')], remove: ['2'] }]);
    expect(told(node.serve(two))).toEqual(['RDS +1 -2']);
    node.ack(RDS);
    expect(told(node.serve(two.with([{ typeUrl: RDS, set: named('2') }])))).toEqual(['RDS +2']);
  });

  it('TestLinearMixedWatches: a removed assignment is told to the incremental client alone', () => {
    const pushes = new Pushes('test');
    const [one, other] = [harness('delta', pushes), harness('sotw', pushes)];
    const snapshot = snapshotOf({ [EDS]: all });
    for (const node of [one, other]) {
      node.serve(snapshot);
      node.ask({ type: EDS, names: ['1', '2'] });
      node.ack(EDS, node === other ? { names: ['1', '2'] } : {});
    }
    const next = snapshot.with([{ typeUrl: EDS, remove: ['1'] }]);
    expect([told(one.serve(next)), told(other.serve(next))]).toEqual([['EDS -1'], []]);
  });

  it('TestDeltaSubscriptions/legacy: an unsubscribed name is forgotten, so it is answered again', () => {
    const node = delta();
    node.serve(snapshotOf({ [CDS]: all }));
    expect(node.ask({ known: { 1: '1', 2: '1', 3: '1' } })).toEqual([]);
    expect(told(node.ask({ names: ['1'] }))).toEqual(['CDS +1']);
    expect(told(node.ack(CDS, { unsubscribe: ['1'] }))).toEqual(['CDS +1']);
    expect(node.ack(CDS)).toEqual([]);
  });
});
