import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, RDS, resource, SDS, snapshotOf, told } from './model.ts';

const delta = (pushes = new Pushes('test')) => harness('delta', pushes);

const before = snapshotOf({
  [CDS]: named('x'),
  [EDS]: named('x'),
  [RDS]: [resource('r', '1', ['x']), resource('q', '1', ['x'])],
});

/** A delta node that has cluster x and route r. */
function started() {
  const node = delta();
  node.serve(before);
  node.ask({});
  node.ack(CDS);
  node.ask({ type: RDS, names: ['r'] });
  node.ack(RDS);
  return node;
}

describe('O9 listeners and routes follow the clusters that they name', () => {
  it('also a route that is newly asked for and did not change', () => {
    const node = started();
    const next = before.with([
      { typeUrl: CDS, set: named('y') },
      { typeUrl: RDS, set: [resource('q', '2', ['y'])] },
    ]);
    expect(told(node.serve(next))).toEqual(['CDS +y']);
    expect(node.ack(RDS, { names: ['q'] })).toEqual([]);
    expect(told(node.ack(CDS))).toEqual(['RDS +q']);
  });

  it('a cluster removed and made again is waited for, though it was ACKed once', () => {
    const node = started();
    const less = before.with([{ typeUrl: CDS, set: named('y') }]);
    node.serve(less);
    node.ack(CDS);
    node.pass(60_000);
    expect(told(node.serve(less.with([{ typeUrl: CDS, remove: ['y'] }])))).toEqual(['CDS -y']);
    const again = less.with([
      { typeUrl: CDS, set: [resource('y', '2')] },
      { typeUrl: RDS, set: [resource('r', '2', ['y'])] },
    ]);
    expect(node.serve(again)).toEqual([]);
    expect(told(node.ack(CDS))).toEqual(['CDS +y']);
    expect(told(node.ack(CDS))).toEqual(['RDS +r']);
  });

  it('a cluster that was refused is not there, even after an ACK of another', () => {
    const node = started();
    const one = before.with([{ typeUrl: CDS, set: named('bad') }]);
    node.serve(one);
    node.ack(CDS, { error: 'bad: no such extension' });
    const two = one.with([
      { typeUrl: CDS, set: named('good') },
      { typeUrl: RDS, set: [resource('r', '2', ['bad'])] },
    ]);
    expect(told(node.serve(two))).toEqual(['CDS +good']);
    expect(node.ack(CDS)).toEqual([]);
    expect(told(node.pass(15_000))).toEqual(['RDS +r']);
  });

  it('a cluster that changed and was refused is still there in its old form', () => {
    const node = started();
    const one = before.with([{ typeUrl: CDS, set: [resource('x', '2')] }]);
    node.serve(one);
    node.ack(CDS, { error: 'x is bad' });
    expect(told(node.serve(one.with([{ typeUrl: RDS, set: [resource('r', '2', ['x'])] }])))).toEqual([
      'RDS +r',
    ]);
  });

  it('endpoints and secrets never wait, and clusters that nobody serves or wants are not waited for', () => {
    const node = delta();
    node.ask({ type: CDS, names: ['x'] });
    for (const type of [EDS, SDS]) node.ask({ type, names: ['x'] });
    node.ask({ type: RDS, names: ['r'] });
    const all = node.serve(
      snapshotOf({
        [CDS]: named('x', 'unwanted'),
        [EDS]: named('x'),
        [SDS]: named('x'),
        [RDS]: [resource('r', '1', ['unwanted', 'absent'])],
      }),
    );
    expect(told(all)).toEqual(['CDS +x', 'EDS +x', 'SDS +x', 'RDS +r']);
  });

  it('each wait is its own: 15 s from when it began', () => {
    const node = started();
    const one = before.with([{ typeUrl: CDS, set: named('y') }]);
    node.serve(one);
    node.pass(10_000);
    expect(node.serve(one.with([{ typeUrl: RDS, set: [resource('r', '2', ['y'])] }]))).toEqual([]);
    expect(node.pass(14_999)).toEqual([]);
    expect(told(node.pass(1))).toEqual(['RDS +r']);
  });

  it('a newer CDS supersedes after 15 s; the late ACK of the older still counts', () => {
    const node = started();
    const one = before.with([{ typeUrl: CDS, set: named('y') }]);
    const [first] = node.serve(one);
    const two = one.with([{ typeUrl: CDS, set: named('z') }]);
    expect(node.serve(two)).toEqual([]);
    expect(node.stream.deadline).toBe(15_000);
    expect(told(node.pass(15_000))).toEqual(['CDS +z']);
    expect(node.serve(two.with([{ typeUrl: RDS, set: [resource('r', '2', ['y'])] }]))).toEqual([]);
    expect(told(node.ask({ nonce: first?.nonce ?? '' }))).toEqual(['RDS +r']);
    expect(node.events.at(-1)).toMatchObject({ kind: 'ack', nonce: first?.nonce });
  });

  it('a NACK of a superseded response is told', () => {
    const node = started();
    const one = before.with([{ typeUrl: CDS, set: named('y') }]);
    const [first] = node.serve(one);
    node.serve(one.with([{ typeUrl: CDS, set: named('z') }]));
    node.pass(15_000);
    node.ask({ nonce: first?.nonce ?? '', error: 'y is bad' });
    expect(node.events.at(-1)).toMatchObject({ kind: 'nack', names: ['y'], nonce: first?.nonce });
  });

  it('B12 a client that comes back may ask for routes before clusters', () => {
    const node = delta(new Pushes('other replica'));
    node.serve(before.with([{ typeUrl: CDS, set: named('y') }]));
    node.ask({ type: LDS, known: { l: '1' } });
    expect(node.ask({ type: RDS, names: ['r'], known: { r: '0' } })).toEqual([]);
    // It has x already, so its routes need not wait for y to be ACKed.
    expect(told(node.ask({ known: { x: '1' } }))).toEqual(['CDS +y', 'RDS +r']);
  });

  it('B10 a state-of-the-world client that provably has all clusters is not waited for', () => {
    const node = harness('sotw', new Pushes('other replica'));
    node.serve(before);
    expect(node.ask({ version: before.resources(CDS).label })).toEqual([]);
    expect(told(node.ask({ type: RDS, names: ['r'], version: 'old' }))).toEqual(['RDS +r']);
  });

  it('B10 what a client brought counts until it asks for something else', () => {
    const node = harness('sotw', new Pushes('test'));
    const both = snapshotOf({ [CDS]: named('x', 'y') });
    node.serve(both);
    const version = both.resources(CDS).label;
    expect(node.ask({ version })).toEqual([]);
    expect(told(node.ask({ names: ['x'], version }))).toEqual(['CDS +x']);
    expect(told(node.ack(CDS, { names: ['*'], version }))).toEqual(['CDS +x +y']);
  });

  it('B10 a label of the caller proves nothing', () => {
    const node = harness('sotw', new Pushes('test'));
    const labelled = before.with([{ typeUrl: CDS, label: 'release' }]);
    node.serve(labelled);
    expect(told(node.ask({ version: 'release' }))).toEqual(['CDS +x']);
  });
});

describe('O6 a changed cluster has its endpoints sent again', () => {
  it('also where the cluster changed while the client was away, in whatever order it asks', () => {
    const node = delta();
    node.serve(before);
    expect(told(node.ask({ known: { x: '0' } }))).toEqual(['CDS +x']);
    expect(told(node.ask({ type: EDS, names: ['x'], known: { x: '1' } }))).toEqual(['EDS +x']);
    const other = delta();
    other.serve(before);
    expect(other.ask({ type: EDS, names: ['x'], known: { x: '1' } })).toEqual([]);
    expect(told(other.ask({ known: { x: '0' } }))).toEqual(['CDS +x', 'EDS +x']);
  });

  it('not for a cluster that is new, nor for endpoints that are no longer wanted (O4)', () => {
    const node = started();
    node.ask({ type: EDS, names: ['x'] });
    expect(told(node.serve(before.with([{ typeUrl: CDS, set: named('y') }])))).toEqual(['CDS +y']);
    node.ack(CDS);
    const changed = before.with([{ typeUrl: CDS, set: [resource('x', '2'), ...named('y')] }]);
    expect(told(node.serve(changed))).toEqual(['CDS +x']);
    expect(node.ack(EDS, { unsubscribe: ['x'] })).toEqual([]);
  });
});
