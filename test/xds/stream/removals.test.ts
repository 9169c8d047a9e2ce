import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, harness, LDS, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const before = snapshotOf({
  [CDS]: named('x', 'y'),
  [SDS]: named('s', 't'),
  [LDS]: [resource('l')],
  [RDS]: [resource('r', '1', ['x']), resource('q', '1', ['y'])],
});

/** A delta node that has all of `before` and ACKed it long ago. */
function settled() {
  const node = harness('delta', new Pushes('test'));
  node.serve(before);
  node.ask({ type: CDS });
  node.ack(CDS);
  node.ask({ type: SDS, names: ['s', 't'] });
  node.ack(SDS);
  node.ask({ type: LDS });
  node.ack(LDS);
  node.ask({ type: RDS, names: ['r', 'q'] });
  node.ack(RDS);
  node.pass(3_600_000);
  return node;
}

describe('O5 removals of clusters, endpoints and secrets', () => {
  it('go out at once where no listener or route is pending', () => {
    const node = settled();
    const next = before.with([
      { typeUrl: CDS, remove: ['y'] },
      { typeUrl: SDS, remove: ['t'] },
    ]);
    expect(told(node.serve(next))).toEqual(['CDS -y', 'SDS -t']);
  });

  it('are not held by a type that asks for nothing, nor forgotten for it', () => {
    const node = harness('delta', new Pushes('test'));
    node.serve(before);
    node.ask({ type: CDS });
    node.ack(CDS);
    const nothing = { subscribe: [], unsubscribe: [], initialVersions: new Map<string, string>() };
    node.stream.onRequest({ kind: 'delta', typeUrl: RDS, responseNonce: '', ...nothing }, 0);
    expect(told(node.serve(before.with([{ typeUrl: CDS, remove: ['y'] }])))).toEqual(['CDS -y']);
  });

  it('are not held by changes of routes that this stream does not want', () => {
    const node = settled();
    node.ack(RDS, { unsubscribe: ['q'] });
    const next = before.with([
      { typeUrl: CDS, remove: ['y'] },
      { typeUrl: RDS, remove: ['q'] },
    ]);
    expect(told(node.serve(next))).toEqual(['CDS -y']);
  });

  it('wait 5 s after an ACK that came before them', () => {
    const node = settled();
    const routed = before.with([{ typeUrl: RDS, set: [resource('q', '2', ['x'])] }]);
    expect(told(node.serve(routed))).toEqual(['RDS +q']);
    node.ack(RDS);
    expect(node.serve(routed.with([{ typeUrl: CDS, remove: ['y'] }]))).toEqual([]);
    expect(node.pass(4_999)).toEqual([]);
    expect(told(node.pass(1))).toEqual(['CDS -y']);
  });

  it('wait for a removed listener too, and then go with what was removed meanwhile', () => {
    const node = settled();
    const one = before.with([
      { typeUrl: CDS, remove: ['y'] },
      { typeUrl: LDS, remove: ['l'] },
    ]);
    expect(told(node.serve(one))).toEqual(['LDS -l']);
    const two = one.with([{ typeUrl: SDS, remove: ['t'] }]);
    expect(node.serve(two)).toEqual([]);
    expect(node.pass(60_000)).toEqual([]);
    expect(node.ack(LDS)).toEqual([]);
    expect(told(node.pass(5_000))).toEqual(['CDS -y', 'SDS -t']);
  });

  it('what is there again is not removed; what changed meanwhile is sent', () => {
    const node = settled();
    const one = before.with([
      { typeUrl: CDS, remove: ['x', 'y'], set: named('z') },
      { typeUrl: RDS, set: [resource('q', '2', ['z'])] },
    ]);
    expect(told(node.serve(one))).toEqual(['CDS +z']);
    node.ack(CDS);
    expect(told(node.serve(one.with([{ typeUrl: CDS, set: [resource('y', '2')] }])))).toEqual(['CDS +y']);
    node.ack(CDS);
    node.ack(RDS);
    expect(told(node.pass(5_000))).toEqual(['CDS -x']);
  });

  it('a later ACK of something else does not settle a refused route: the proxy still runs the old one', () => {
    const node = settled();
    const one = before.with([
      { typeUrl: CDS, remove: ['y'] },
      { typeUrl: RDS, set: [resource('q', '2', ['x'])] },
    ]);
    node.serve(one);
    node.ack(RDS, { error: 'q is bad' });
    const two = one.with([{ typeUrl: RDS, set: [resource('r', '2', ['x'])] }]);
    expect(told(node.serve(two))).toEqual(['RDS +r']);
    node.ack(RDS);
    expect(node.pass(3_600_000)).toEqual([]);
    const mended = two.with([{ typeUrl: RDS, set: [resource('q', '3', ['x'])] }]);
    expect(told(node.serve(mended))).toEqual(['RDS +q']);
    node.ack(RDS);
    expect(told(node.pass(5_000))).toEqual(['CDS -y']);
  });

  it('a refused route that is no longer wanted holds nothing', () => {
    const node = settled();
    node.serve(
      before.with([
        { typeUrl: CDS, remove: ['y'] },
        { typeUrl: RDS, set: [resource('q', '2', ['x'])] },
      ]),
    );
    node.ack(RDS, { error: 'q is bad' });
    expect(told(node.ack(RDS, { unsubscribe: ['q'] }))).toEqual(['CDS -y']);
  });

  it.each(['delta', 'sotw'] as const)('on a per-type stream there is nothing to wait for (%s)', (variant) => {
    const node = harness(variant, new Pushes('test'), CDS);
    node.serve(before);
    node.ask({ type: '' });
    node.ack(CDS);
    const gone = node.serve(before.with([{ typeUrl: CDS, remove: ['y'] }]));
    expect(told(gone)).toEqual([variant === 'delta' ? 'CDS -y' : 'CDS +x']);
  });

  it('a client that comes back keeps its clusters until its listeners are known, plus 5 s (D3)', () => {
    const node = harness('delta', new Pushes('other replica'));
    node.serve(before);
    expect(node.ask({ known: { x: '1', y: '1', old: '1' } })).toEqual([]);
    expect(told(node.ask({ type: LDS, known: { l: '0' } }))).toEqual(['LDS +l']);
    expect(node.pass(60_000)).toEqual([]);
    node.ack(LDS);
    expect(told(node.pass(5_000))).toEqual(['CDS -old']);
  });

  it('names that a new client asks for and that are absent are removed at once (D4)', () => {
    const node = harness('delta', new Pushes('test'));
    node.serve(before);
    expect(told(node.ask({ type: SDS, names: ['none', 's'] }))).toEqual(['SDS +s -none']);
  });

  it('state of the world: the version that lists a held cluster is not that of the set (B10)', () => {
    const pushes = new Pushes('test');
    const node = harness('sotw', pushes);
    node.serve(before);
    node.ask({});
    node.ack(CDS);
    node.ask({ type: RDS, names: ['r', 'q'] });
    node.ack(RDS, { names: ['r', 'q'] });
    const next = before.with([
      { typeUrl: CDS, remove: ['y'], set: named('z') },
      { typeUrl: RDS, set: [resource('q', '2', ['x'])] },
    ]);
    const [held] = node.serve(next);
    expect(told(held === undefined ? [] : [held])).toEqual(['CDS +x +y +z']);
    const returned = harness('sotw', pushes);
    returned.serve(next);
    expect(told(returned.ask({ version: held?.version ?? '' }))).toEqual(['CDS +x +z']);
  });
});
