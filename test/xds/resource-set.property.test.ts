import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Resource, ResourceSet, type SetChanges } from '../../src/xds/index.ts';

const make = (name: string, version: string): Resource => ({ name, version, bytes: Buffer.from(version) });

/** Enough names for several chunks. */
const name = fc.nat(150).map((at) => `n${at}`);
const change = fc.record({
  changed: fc.array(fc.tuple(name, fc.constantFrom('1', '2', '3')), { maxLength: 80 }),
  removed: fc.array(name, { maxLength: 20 }),
});
const walk = fc.array(change, { maxLength: 8 });

type Model = ReadonlyMap<string, string>;
type Steps = readonly {
  readonly changed: readonly [string, string][];
  readonly removed: readonly string[];
}[];

/** Every set on the way, each with a plain map of what must be in it. */
function history(steps: Steps): readonly (readonly [ResourceSet, Model])[] {
  const all: [ResourceSet, Model][] = [[ResourceSet.EMPTY, new Map()]];
  for (const { changed, removed } of steps) {
    const [set, model] = all.at(-1) ?? [ResourceSet.EMPTY, new Map<string, string>()];
    const next = new Map(model);
    for (const gone of removed) next.delete(gone);
    for (const [key, version] of changed) next.set(key, version);
    all.push([set.with({ changed: changed.map(([key, version]) => make(key, version)), removed }), next]);
  }
  return all;
}

const versions = (resources: Iterable<Resource>): Record<string, string> =>
  Object.fromEntries([...resources].map((resource) => [resource.name, resource.version]));

function difference(from: Model, to: Model): { changed: Record<string, string>; removed: readonly string[] } {
  const changed = Object.fromEntries([...to].filter(([key, version]) => from.get(key) !== version));
  return { changed, removed: [...from.keys()].filter((key) => !to.has(key)).toSorted() };
}

const shown = ({ changed, removed }: SetChanges) => ({
  changed: versions(changed),
  removed: [...removed].toSorted(),
});

describe('ResourceSet', () => {
  it('holds what a plain map would after any sequence of changes (property)', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        for (const [set, model] of history(steps)) {
          expect(versions(set.values())).toEqual(Object.fromEntries(model));
          expect(set.size).toBe(model.size);
          expect([...set.names()].toSorted()).toEqual([...model.keys()].toSorted());
          for (const [key, version] of model) expect(set.get(key)?.version).toBe(version);
          expect(set.get('absent')).toBeUndefined();
        }
      }),
    );
  });

  it('tells the difference of any two sets, whatever lies between them (property)', () => {
    fc.assert(
      fc.property(walk, walk, (one, two) => {
        const all = [...history(one), ...history(two)];
        for (const [from, before] of all) {
          for (const [to, after] of all) {
            expect(shown(to.changesSince(from))).toEqual(difference(before, after));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('A6 the label is that of the contents, whatever the way to them (property)', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        const [set, model] = history(steps).at(-1) ?? [ResourceSet.EMPTY, new Map<string, string>()];
        const fresh = [...model].toReversed().map(([key, version]) => make(key, version));
        expect(ResourceSet.of(fresh).label).toBe(set.label);
        const other = set.with({ changed: [make('n0', 'another')], removed: [] });
        expect(other.label).not.toBe(set.label);
      }),
    );
  });

  it('a label of the caller is shown as it is, an empty one is none', () => {
    const set = ResourceSet.of([make('a', '1')], 'release-7');
    expect([set.label, set.isContentLabel]).toEqual(['release-7', false]);
    const plain = ResourceSet.of([make('a', '1')], '');
    expect([plain.label, plain.isContentLabel]).toEqual([ResourceSet.of([make('a', '1')]).label, true]);
  });

  it('is itself where nothing differs, so that no stream is woken for it', () => {
    const set = ResourceSet.of([make('a', '1'), make('b', '1')]);
    expect(set.with({ changed: [make('a', '1')], removed: ['c'] })).toBe(set);
    expect(set.with({ changed: [], removed: [] }, 'label')).not.toBe(set);
  });

  it('replacing one of 5,000 costs far less than making the set', () => {
    const all = Array.from({ length: 5000 }, (_, at) => make(`n${at}`, '1'));
    const time = (work: () => void): number => {
      const start = performance.now();
      work();
      return performance.now() - start;
    };
    const whole = time(() => ResourceSet.of(all));
    let set = ResourceSet.of(all);
    const hundred = time(() => {
      for (let at = 0; at < 100; at += 1) {
        set = set.with({ changed: [make('n2500', `v${at}`)], removed: [] });
      }
    });
    expect(hundred).toBeLessThan(whole * 10);
  });
});
