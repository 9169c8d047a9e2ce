import { describe, expect, it } from 'vitest';
import { Pushes } from '../../../src/xds/index.ts';
import { CDS, EDS, harness, LDS, named, resource, snapshotOf, told } from './model.ts';

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
