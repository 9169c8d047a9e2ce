import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { internedSubscriptions, Subscription } from '../../../src/xds/stream/subscription.ts';

/** What a subscription says, short: `* a b`. */
const said = ({ wildcard, names }: Subscription): string =>
  [...(wildcard ? ['*'] : []), ...[...names].toSorted()].join(' ');

type Change = readonly [subscribe: readonly string[], unsubscribe: readonly string[], expected: string];

const DELTA_WALKS: Readonly<Record<string, readonly Change[]>> = {
  'W3 TestDeltaSubscriptions/new wildcard': [
    [['*'], [], '*'],
    [['a'], [], '* a'],
    [[], ['b'], '* a'],
    [[], ['*'], 'a'],
    [[], ['*'], 'a'],
    [['*'], [], '* a'],
    [[], ['a', '*'], ''],
    [['a', 'b'], [], 'a b'],
  ],
  'W6 subscribe comes first, then unsubscribe': [
    [['*'], ['*'], ''],
    [['a', 'b'], ['b'], 'a'],
    [['*', 'a'], ['a'], '*'],
  ],
  'W6 an empty string is an ordinary name': [
    [[''], [], ''],
    [['a'], [], ' a'],
    [[], [''], 'a'],
  ],
};

describe('Subscription', () => {
  for (const [title, walk] of Object.entries(DELTA_WALKS)) {
    it(title, () => {
      let subscription = Subscription.NONE;
      for (const [subscribe, unsubscribe, expected] of walk) {
        subscription = subscription.change(subscribe, unsubscribe);
        expect(said(subscription)).toBe(expected);
      }
    });
  }

  it('is one object however it came about, in whatever order', () => {
    const one = Subscription.exactly(true, ['a', 'b', 'c']);
    const other = Subscription.NONE.change(['c', 'x'], []).change(['b', 'a', '*'], ['x']);
    expect(other).toBe(one);
    expect(Subscription.exactly(true, ['c', 'b', 'a'])).toBe(one);
    expect(Subscription.exactly(false, ['a', 'b', 'c'])).not.toBe(one);
    expect(one.change([], ['*', 'a', 'b', 'c'])).toBe(Subscription.NONE);
  });

  it('is one object for long lists of one group in any order', () => {
    const names = Array.from({ length: 500 }, (_, at) => `service-${at}`);
    const one = Subscription.exactly(false, names);
    expect(Subscription.exactly(false, names)).toBe(one);
    expect(Subscription.exactly(false, names.toReversed())).toBe(one);
    const last = names.with(499, 'another');
    expect(Subscription.exactly(false, last)).not.toBe(one);
    expect(said(Subscription.exactly(false, last))).toBe([...last].toSorted().join(' '));
    expect(Subscription.exactly(true, names)).not.toBe(one);
    expect(Subscription.exactly(true, names)).toBe(one.change(['*'], []));
  });

  const word = fc.constantFrom('*', '', 'a', 'b', 'c', 'd');
  it('isExactly agrees with sets for every list (property)', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(word), fc.boolean(), fc.array(word), (w1, l1, w2, l2) => {
        const shape = (wildcard: boolean, list: string[]): string =>
          JSON.stringify([wildcard, ...new Set(list.filter((name) => name !== '*'))].toSorted());
        const one = Subscription.exactly(w1 || l1.includes('*'), l1);
        const wildcard = w2 || l2.includes('*');
        const same = shape(w1 || l1.includes('*'), l1) === shape(wildcard, l2);
        if (one.isExactly(wildcard, l2)) expect(same).toBe(true);
        expect(Subscription.exactly(wildcard, l2) === one).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  it('change agrees with sets for every walk (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(word), fc.array(word))), (walk) => {
        let subscription = Subscription.NONE;
        const model = new Set<string>();
        for (const [subscribe, unsubscribe] of walk) {
          subscription = subscription.change(subscribe, unsubscribe);
          for (const name of subscribe) model.add(name);
          for (const name of unsubscribe) model.delete(name);
          expect(subscription.wildcard).toBe(model.has('*'));
          expect(subscription.names).toEqual(new Set([...model].filter((name) => name !== '*')));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('the table of shared subscriptions forgets what no stream holds', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no gc');
    const before = internedSubscriptions();
    for (let at = 0; at < 10_000; at += 1) Subscription.exactly(false, [`gone-${at}`, 'x']);
    for (let round = 0; round < 100 && internedSubscriptions() > before + 100; round += 1) {
      collect();
      // The registry calls back between turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(internedSubscriptions()).toBeLessThanOrEqual(before + 100);
  });
});
