import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));
const sotw = () => harness('sotw', new Pushes('test'));

describe('wildcard', () => {
  it('W1 W2 W5 TestSotwSubscriptions/legacy mode', () => {
    const node = sotw();
    const one = snapshotOf({ [CDS]: named('a', 'b') });
    node.serve(one);
    expect(told(node.ask({}))).toEqual(['CDS +a +b']);
    node.ack(CDS, { names: ['a'] });
    node.ack(CDS, { names: ['a'] });
    node.ack(CDS, { names: [] });
    expect(node.serve(one.with([{ typeUrl: CDS, set: [resource('a', '2')] }]))).toEqual([]);
  });

  it('W3 TestDeltaSubscriptions/legacy', () => {
    const node = delta();
    const one = snapshotOf({ [CDS]: named('a', 'b') });
    node.serve(one);
    node.ask({});
    expect(told(node.ack(CDS, { names: ['a'] }))).toEqual(['CDS +a']);
    node.ack(CDS, { unsubscribe: ['*'] });
    const two = one.with([{ typeUrl: CDS, set: [resource('a', '2'), resource('b', '2')] }]);
    expect(told(node.serve(two))).toEqual(['CDS +a']);
    node.ack(CDS, { unsubscribe: ['a'] });
    expect(node.serve(one)).toEqual([]);
  });

  it.each([EDS, RDS, SDS, 'type.googleapis.com/other'])(
    'W4 an empty first request for %s means nothing',
    (type) => {
      for (const node of [delta(), sotw()]) {
        node.serve(snapshotOf({ [type]: named('a') }));
        expect(node.ask({ type })).toEqual([]);
      }
    },
  );

  it('W6 subscribe and unsubscribe of * in one message means nothing', () => {
    const node = delta();
    node.serve(snapshotOf({ [CDS]: named('a') }));
    expect(node.ask({ names: ['*'], unsubscribe: ['*'] })).toEqual([]);
  });
});
