import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, named, resource, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));

describe('incremental', () => {
  it('D1 a stale nonce does not block a subscription', () => {
    const node = delta();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    node.ask({ type: EDS, names: ['a'] });
    node.ask({ type: EDS, names: ['b'], nonce: 'stale' });
    expect(told(node.ack(EDS))).toEqual(['EDS +b']);
  });

  it('D3 initial versions: equal is skipped, different sent, gone removed', () => {
    const node = delta();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    const pushes = node.ask({ type: EDS, names: ['a', 'b', 'c'], known: { a: '1', b: '0', c: '1' } });
    expect(told(pushes)).toEqual(['EDS +b']);
    // The client may still route to c until its listeners are known or do not come.
    expect(told([...node.ack(EDS), ...node.pass(15_000)])).toEqual(['EDS -c']);
  });

  it('D4 an absent name is removed at once and pushed on creation', () => {
    const node = delta();
    const one = snapshotOf({ [EDS]: named('a') });
    node.serve(one);
    expect(told(node.ask({ type: EDS, names: ['x'] }))).toEqual(['EDS -x']);
    node.ack(EDS);
    expect(told(node.serve(one.with([{ typeUrl: EDS, set: named('x') }])))).toEqual(['EDS +x']);
  });

  it('D5 TestDeltaWildcardSubscriptions/resource specific subscriptions while using wildcard', () => {
    const node = delta();
    node.serve(snapshotOf({ [CDS]: named('1', '2') }));
    node.ask({ names: ['*'] });
    expect(told(node.ack(CDS, { names: ['2', '4'] }))).toEqual(['CDS +2 -4']);
    expect(told(node.ack(CDS, { unsubscribe: ['2', '4'] }))).toEqual(['CDS +2 -4']);
  });

  it('D6 D7 D8 only what changed, whatever the label; after a NACK only when it changes', () => {
    const node = delta();
    const one = snapshotOf({ [CDS]: named('a', 'b', 'c') }).with([{ typeUrl: CDS, label: 'v' }]);
    node.serve(one);
    node.ask({});
    node.ack(CDS);
    const two = one.with([{ typeUrl: CDS, set: [resource('b', '2')], label: 'v' }]);
    expect(told(node.serve(two))).toEqual(['CDS +b']);
    expect(node.ack(CDS, { error: 'b is bad' })).toEqual([]);
    expect(node.events.at(-1)).toMatchObject({ kind: 'nack', names: ['b'] });
    expect(told(node.serve(two.with([{ typeUrl: CDS, set: named('d'), label: 'v' }])))).toEqual(['CDS +d']);
  });

  it('R2 an unknown type is held, and said to be removed', () => {
    const node = delta();
    node.serve(snapshotOf({}));
    expect(told(node.ask({ type: 'type.googleapis.com/what', names: ['x'] }))).toEqual([
      'type.googleapis.com/what -x',
    ]);
  });
});
