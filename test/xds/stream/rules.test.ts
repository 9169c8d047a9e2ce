import { describe, expect, it } from 'vitest';
import { createSnapshot, Pushes, type Resource, type Snapshot } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, SDS, told } from './model.ts';

const snapshotOf = (types: Readonly<Record<string, readonly Resource[]>>): Snapshot =>
  createSnapshot(new Map(Object.entries(types)));
const delta = () => harness('delta', new Pushes('test'));
const sotw = () => harness('sotw', new Pushes('test'));

describe('identity and nonces', () => {
  it('A3 refuses an aggregated request without type', () => {
    const { stream } = delta();
    const request = {
      kind: 'delta',
      typeUrl: '',
      responseNonce: '',
      subscribe: [],
      unsubscribe: [],
    } as const;
    expect(stream.onRequest({ ...request, initialVersions: new Map() }, 0)?.code).toBe('INVALID_ARGUMENT');
  });

  it('A4 types never share a nonce, streams with the same push share its bytes', () => {
    const pushes = new Pushes('test');
    const snapshot = snapshotOf({ [CDS]: named('a'), [LDS]: named('l') });
    const [one, two] = [harness('delta', pushes), harness('delta', pushes)].map((node) => {
      node.serve(snapshot);
      return [...node.ask({ type: CDS }), ...node.ask({ type: LDS })];
    });
    expect(one).toHaveLength(2);
    expect(one?.[0]).toBe(two?.[0]);
    expect(one?.[1]).toBe(two?.[1]);
    expect(one?.[0]?.nonce).not.toBe(one?.[1]?.nonce);
  });

  it('A4 a resend on one stream gets a fresh nonce', () => {
    const node = delta();
    node.serve(snapshotOf({ [EDS]: named('a') }));
    const [first] = node.ask({ type: EDS, names: ['a'] });
    const [again] = node.ack(EDS, { names: ['a'] });
    expect(again?.names).toEqual(['a']);
    expect(again?.nonce).not.toBe(first?.nonce);
  });

  it('A4 a stream that goes back and forth never sees a nonce twice', () => {
    const node = delta();
    const one = snapshotOf({ [CDS]: named('a') });
    const two = one.with([{ typeUrl: CDS, set: [resource('a', '2')] }]);
    const nonces = [one, two, one, two].flatMap((snapshot, at) => {
      const pushes = [...node.serve(snapshot), ...(at === 0 ? node.ask({}) : [])];
      return [...pushes, ...node.ack(CDS)].map(({ nonce }) => nonce);
    });
    expect(nonces).toHaveLength(4);
    expect(new Set(nonces).size).toBe(4);
  });

  it('A5 a first request is initial whatever nonce it carries', () => {
    const node = sotw();
    node.serve(snapshotOf({ [CDS]: named('a') }));
    expect(told(node.ask({ nonce: '77', version: 'old' }))).toEqual(['CDS +a']);
  });

  it('A8 one unanswered response per type, changes merge', () => {
    const node = delta();
    const one = snapshotOf({ [CDS]: named('a') });
    node.serve(one);
    node.ask({});
    const two = one.with([{ typeUrl: CDS, set: named('b') }]);
    expect(node.serve(two)).toEqual([]);
    expect(node.serve(two.with([{ typeUrl: CDS, set: named('c') }]))).toEqual([]);
    expect(told(node.ack(CDS))).toEqual(['CDS +b +c']);
  });

  it('A10 without a snapshot it is silent', () => {
    const node = delta();
    expect(node.ask({})).toEqual([]);
    expect(told(node.serve(snapshotOf({ [CDS]: named('a') })))).toEqual(['CDS +a']);
  });
});

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
