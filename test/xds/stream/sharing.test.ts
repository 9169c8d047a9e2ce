import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createSnapshot, Pushes } from '../../../src/xds/index.ts';
import type { Push } from '../../../src/xds/stream/push.ts';
import { EDS, harness, named, resource } from './model.ts';

const list = (count: number): string[] => Array.from({ length: count }, (_, at) => `service-${at}`);
/** Another order and other strings of the same text, as another client's message brings them. */
const shuffled = (names: readonly string[], by: number): string[] =>
  [...names.slice(by), ...names.slice(0, by)].map((name) => Buffer.from(name).toString());

function fleet(variant: 'delta' | 'sotw', streams: number, names: readonly string[]) {
  const pushes = new Pushes('test');
  const snapshot = createSnapshot(new Map([[EDS, named(...names)]]));
  const nodes = Array.from({ length: streams }, (_, at) => {
    const node = harness(variant, pushes);
    node.serve(snapshot);
    const own = shuffled(names, at % names.length);
    return { node, own, first: node.ask({ type: EDS, names: own }) };
  });
  return { snapshot, nodes };
}

const single = (all: readonly (readonly Push[])[]): Push | undefined => {
  const distinct = new Set(all.flat());
  expect(all.every((pushes) => pushes.length === 1)).toBe(true);
  expect(distinct.size).toBe(1);
  return [...distinct][0];
};

describe.each(['delta', 'sotw'] as const)('%s: what a thousand streams share', (variant) => {
  it('the very same responses, though each names the resources in another order', () => {
    const { snapshot, nodes } = fleet(variant, 1000, list(40));
    expect(single(nodes.map(({ first }) => first))?.names).toHaveLength(40);
    for (const { node, own } of nodes) node.ack(EDS, variant === 'sotw' ? { names: own } : {});
    const next = snapshot.with([{ typeUrl: EDS, set: [resource('service-7', '2')] }]);
    const second = single(nodes.map(({ node }) => node.serve(next)));
    expect(second?.names).toEqual(['service-7']);
    for (const { node, own } of nodes) node.ack(EDS, variant === 'sotw' ? { names: own } : {});
    const gone = next.with([{ typeUrl: EDS, remove: ['service-9'], set: [resource('service-3', '2')] }]);
    expect(single(nodes.map(({ node }) => node.serve(gone)))?.names).toEqual(['service-3']);
  });

  it('no memory of its own for each name: 5,000 names cost a stream what 100 do', () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no gc');
    const used = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const perStream = (names: number): number => {
      const all = list(names);
      const { node: keep } = fleet(variant, 1, all).nodes[0] ?? {};
      const pushes = new Pushes('test');
      const snapshot = createSnapshot(new Map([[EDS, named(...all)]]));
      const open = () => {
        const node = harness(variant, pushes);
        node.serve(snapshot);
        node.ask({ type: EDS, names: shuffled(all, 0) });
        return node;
      };
      const first = open();
      const before = used();
      const nodes = Array.from({ length: 200 }, open);
      const after = used();
      expect([keep, first, ...nodes]).toHaveLength(202);
      return (after - before) / nodes.length;
    };
    perStream(100);
    const few = perStream(100);
    // A list, map or set of 5,000 names would be 40 kB and far more.
    expect(perStream(5000)).toBeLessThan(few + 30_000);
  });

  it('ten thousand streams opened and let go leave no memory behind (A9)', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no gc');
    const pushes = new Pushes('test');
    const snapshot = createSnapshot(new Map([[EDS, named(...list(50))]]));
    const round = (): void => {
      for (let at = 0; at < 5000; at += 1) {
        const node = harness(variant, pushes);
        node.serve(snapshot);
        node.ask({ type: EDS, names: [...list(20), `own-${at}`] });
      }
    };
    const used = async (): Promise<number> => {
      for (let turn = 0; turn < 5; turn += 1) {
        collect();
        // Finalizers of shared subscriptions run between turns of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return process.memoryUsage().heapUsed;
    };
    round();
    const before = await used();
    round();
    expect((await used()) - before).toBeLessThan(2_000_000);
  });
});
