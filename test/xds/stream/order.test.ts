import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, snapshotOf, told } from './model.ts';

const delta = () => harness('delta', new Pushes('test'));
const sotw = () => harness('sotw', new Pushes('test'));

describe('make before break', () => {
  const before = snapshotOf({
    [CDS]: named('old'),
    [EDS]: named('old'),
    [RDS]: [resource('r', '1', ['old'])],
  });
  const after = before.with([
    { typeUrl: CDS, set: named('new'), remove: ['old'] },
    { typeUrl: RDS, set: [resource('r', '2', ['new'])] },
  ]);

  for (const make of [delta, sotw]) {
    const settled = () => {
      const node = make();
      node.serve(before);
      node.ask({ type: CDS });
      node.ack(CDS);
      node.ask({ type: RDS, names: ['r'] });
      node.ack(RDS, make === sotw ? { names: ['r'] } : {});
      return node;
    };
    const names = make === sotw ? { names: ['r'] } : {};
    const first = make === sotw ? 'CDS +new +old' : 'CDS +new';
    const gone = make === sotw ? 'CDS +new' : 'CDS -old';

    it(`O5 O9 ${first}: routes follow the ACK, the removal follows theirs by 5 s`, () => {
      const node = settled();
      expect(told(node.serve(after))).toEqual([first]);
      expect(told(node.ack(CDS))).toEqual(['RDS +r']);
      expect(node.pass(60_000)).toEqual([]);
      expect(node.ack(RDS, names)).toEqual([]);
      expect(node.pass(4_999)).toEqual([]);
      expect(node.stream.deadline).toBe(65_000);
      expect(told(node.pass(1))).toEqual([gone]);
    });

    it(`O5 ${first}: a refused route keeps what it used`, () => {
      const node = settled();
      node.serve(after);
      node.ack(CDS);
      node.ack(RDS, { ...names, error: 'no' });
      expect(node.pass(3_600_000)).toEqual([]);
    });

    it(`O9 ${first}: routes wait 15 s at most`, () => {
      const node = settled();
      node.serve(after);
      expect(node.pass(14_999)).toEqual([]);
      expect(told(node.pass(1))).toEqual(['RDS +r']);
    });
  }

  it('O1 types go out in one order', () => {
    const node = delta();
    for (const type of [RDS, LDS, EDS, CDS]) node.ask({ type, names: ['x'] });
    const all = node.serve(
      snapshotOf({ [CDS]: named('x'), [EDS]: named('x'), [LDS]: named('x'), [RDS]: named('x') }),
    );
    expect(told(all)).toEqual(['CDS +x', 'EDS +x', 'LDS +x', 'RDS +x']);
  });

  it.each([delta, sotw])('O6 a changed cluster brings its endpoints again', (make) => {
    const node = make();
    node.serve(before);
    node.ask({});
    node.ack(CDS);
    node.ask({ type: EDS, names: ['old'] });
    node.ack(EDS, make === sotw ? { names: ['old'] } : {});
    const changed = before.with([{ typeUrl: CDS, set: [resource('old', '2')] }]);
    expect(told(node.serve(changed))).toEqual(['CDS +old', 'EDS +old']);
  });

  it('O7 unknown endpoints: an empty assignment, so that no fetch timeout is waited for', () => {
    const node = sotw();
    node.serve(snapshotOf({}));
    const [push] = node.ask({ type: EDS, names: ['none'] });
    expect(push?.names).toEqual(['none']);
  });

  it('moves to another key with the difference alone', () => {
    const node = delta();
    node.serve(snapshotOf({ [CDS]: named('a', 'b') }));
    node.ask({});
    node.ack(CDS);
    expect(told(node.serve(snapshotOf({ [CDS]: [...named('b'), resource('c')] })))).toEqual(['CDS +c -a']);
  });
});
