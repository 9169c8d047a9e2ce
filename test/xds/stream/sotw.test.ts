import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, named, RDS, resource, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));
const sotw = () => harness('sotw', new Pushes('test'));

describe('state of the world', () => {
  it('B2 B3 B4 a NACK is kept, counted once, not resent, and its names apply', () => {
    const node = sotw();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    node.ask({ type: EDS, names: ['a'] });
    expect(told(node.ack(EDS, { names: ['a', 'b'], error: 'bad' }))).toEqual(['EDS +b']);
    node.ack(EDS, { names: ['a', 'b'] });
    expect(node.ask({ type: EDS, names: ['a', 'b'], error: 'bad', nonce: '1' })).toEqual([]);
    expect(node.events.map(({ kind }) => kind)).toEqual(['nack', 'ack']);
  });

  it('B5 a stale request is ignored, names included', () => {
    const node = sotw();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    node.ask({ type: EDS, names: ['a'] });
    expect(node.ask({ type: EDS, names: ['a', 'b'], nonce: 'stale' })).toEqual([]);
    expect(told(node.ack(EDS, { names: ['a', 'b'] }))).toEqual(['EDS +b']);
  });

  it('B5 a stale request takes nothing away either', () => {
    const node = sotw();
    const one = snapshotOf({ [EDS]: named('a', 'b') });
    node.serve(one);
    node.ask({ type: EDS, names: ['a', 'b'] });
    node.ack(EDS, { names: ['a', 'b'] });
    node.ask({ type: EDS, names: ['a'], nonce: 'stale' });
    expect(told(node.serve(one.with([{ typeUrl: EDS, set: [resource('b', '2')] }])))).toEqual(['EDS +b']);
  });

  it('B6 names new on the list are sent at the same version, also after an unsubscribe', () => {
    const node = sotw();
    node.serve(snapshotOf({ [EDS]: named('a', 'b') }));
    node.ask({ type: EDS, names: ['a', 'b'] });
    expect(node.ack(EDS, { names: ['a'] })).toEqual([]);
    expect(told(node.ack(EDS, { names: ['a', 'b'] }))).toEqual(['EDS +b']);
  });

  it('B7 a plain ACK is not answered', () => {
    const node = sotw();
    node.serve(snapshotOf({ [CDS]: named('a') }));
    node.ask({});
    expect(node.ack(CDS)).toEqual([]);
  });

  it('B8 clusters come in full, the last removal as an empty list; endpoints only as they change', () => {
    const node = sotw();
    const one = snapshotOf({ [CDS]: named('a', 'b'), [EDS]: named('a', 'b') });
    node.serve(one);
    node.ask({});
    node.ack(CDS);
    node.ask({ type: EDS, names: ['a', 'b'] });
    node.ack(EDS, { names: ['a', 'b'] });
    const two = one.with([{ typeUrl: EDS, set: [resource('a', '2')] }]);
    expect(told(node.serve(two))).toEqual(['EDS +a']);
    node.ack(EDS, { names: ['a', 'b'] });
    const three = two.with([{ typeUrl: CDS, remove: ['a', 'b'] }]);
    expect(told(node.serve(three))).toEqual(['CDS']);
  });

  it('B9 a missing name is pushed on creation', () => {
    const node = sotw();
    const one = snapshotOf({ [RDS]: named('r') });
    node.serve(one);
    node.ask({ type: RDS, names: ['r', 'later'] });
    node.ack(RDS, { names: ['r', 'later'] });
    expect(told(node.serve(one.with([{ typeUrl: RDS, set: named('later') }])))).toEqual(['RDS +later']);
  });

  it('B10 a returning client is sent everything unless it provably has the whole type', () => {
    const snapshot = snapshotOf({ [CDS]: named('a'), [EDS]: named('a') });
    const node = sotw();
    node.serve(snapshot);
    expect(told(node.ask({ version: 'other' }))).toEqual(['CDS +a']);
    expect(told(node.ask({ type: EDS, names: ['a'], version: snapshot.resources(EDS).label }))).toEqual([
      'EDS +a',
    ]);
    const same = sotw();
    same.serve(snapshot);
    expect(same.ask({ version: snapshot.resources(CDS).label })).toEqual([]);
  });

  it('B11 a name beside the wildcard comes once', () => {
    const node = sotw();
    node.serve(snapshotOf({ [CDS]: named('a', 'b') }));
    expect(told(node.ask({ names: ['*', 'a'] }))).toEqual(['CDS +a +b']);
  });

  it.each([sotw, delta])('B13 a first wildcard on nothing is answered empty', (make) => {
    const node = make();
    node.serve(snapshotOf({}));
    expect(told(node.ask({}))).toEqual(['CDS']);
  });
});
