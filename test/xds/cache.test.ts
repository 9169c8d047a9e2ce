import { describe, expect, it } from 'vitest';
import { createSnapshot, type Resource, Snapshot, SnapshotCache, TYPE_URL } from '../../src/xds/index.ts';

const { cluster: CDS, endpoint: EDS } = TYPE_URL;
const raw = (name: string, text = name) => ({ name, bytes: Buffer.from(text) });
const named = (name: string): Resource => ({ ...raw(name), version: '1' });

describe('SnapshotCache', () => {
  it('tells the watchers of a key of each later snapshot, in order, and no others', () => {
    const cache = new SnapshotCache();
    const seen: number[] = [];
    const stop = cache.watch('edge', ({ revision }) => seen.push(revision));
    cache.watch('other', () => seen.push(-1));
    for (const revision of [1, 2]) cache.set('edge', new Snapshot(revision, new Map()));
    stop();
    cache.set('edge', new Snapshot(3, new Map()));
    expect(seen).toEqual([1, 2]);
    expect(cache.get('edge')?.revision).toBe(3);
  });

  it('calls nobody after its watch has ended, even within the same change', () => {
    const cache = new SnapshotCache();
    const seen: string[] = [];
    const stops: (() => void)[] = [];
    for (const name of ['first', 'second']) {
      stops.push(
        cache.watch('edge', () => {
          seen.push(name);
          for (const stop of stops) stop();
        }),
      );
    }
    cache.set('edge', Snapshot.EMPTY);
    expect(seen).toEqual(['first']);
    expect(cache.watchers('edge')).toBe(0);
  });

  it('TestSnapshotCacheWatchCancel: one function watches twice and stops once; 10,000 leave nothing (A9)', () => {
    const cache = new SnapshotCache();
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    const stop = cache.watch('edge', count);
    const rest = cache.watch('edge', count);
    stop();
    stop();
    cache.set('edge', Snapshot.EMPTY);
    expect(calls).toBe(1);
    rest();
    const stops = Array.from({ length: 10_000 }, () => cache.watch('edge', count));
    for (const each of stops) each();
    expect(cache.watchers('edge')).toBe(0);
  });

  it('TestSnapshotClear: clear forgets the snapshot and tells nobody', () => {
    const cache = new SnapshotCache();
    cache.set('edge', Snapshot.EMPTY);
    let told = false;
    cache.watch('edge', () => {
      told = true;
    });
    cache.clear('edge');
    expect([cache.get('edge'), cache.keys(), told, cache.watchers('edge')]).toEqual([
      undefined,
      [],
      false,
      1,
    ]);
  });

  it('TestLinearSetResources: replaces a type as a whole, the others stay; versions are content hashes', () => {
    const cache = new SnapshotCache();
    cache.setResources('edge', EDS, [raw('e')]);
    cache.setResources('edge', CDS, [raw('a'), raw('b')], { version: 'v1' });
    const before = cache.get('edge');
    cache.setResources('edge', CDS, [raw('b'), raw('c')], { version: 'v2' });
    const after = cache.getResources('edge', CDS);
    expect([...after.names()].toSorted()).toEqual(['b', 'c']);
    expect(after.label).toBe('v2');
    expect(after.get('b')?.version).toBe(before?.resources(CDS).get('b')?.version);
    expect(after.get('b')?.version).not.toBe(after.get('c')?.version);
    expect(cache.get('edge')?.resources(EDS)).toBe(before?.resources(EDS));
  });

  it('TestLinearDeletion: clearing a type is told, as an empty set', () => {
    const cache = new SnapshotCache();
    cache.setResources('edge', CDS, [raw('a')]);
    const sizes: number[] = [];
    cache.watch('edge', (snapshot) => sizes.push(snapshot.resources(CDS).size));
    cache.clearResources('edge', CDS);
    cache.clearResources('nobody', CDS);
    expect(sizes).toEqual([0]);
    expect(cache.get('nobody')).toBeUndefined();
  });

  it('refuses a name twice in one type, by its name', () => {
    const cache = new SnapshotCache();
    expect(() => cache.setResources('edge', CDS, [raw('a'), raw('a', 'other')])).toThrow(
      /a name is there twice/,
    );
    expect(() => createSnapshot(new Map([[CDS, [named('a'), named('b'), named('a')]]]))).toThrow(/"a"/);
  });
});

describe('Snapshot', () => {
  it('shares what did not change with its successor, and hides types without copying', () => {
    const one = createSnapshot(
      new Map([
        [CDS, [named('a')]],
        [EDS, [named('e')]],
      ]),
      { revision: 4, labels: new Map([[CDS, 'v4']]) },
    );
    const two = one.with([{ typeUrl: CDS, set: [named('b')] }], 5);
    expect([two.revision, two.resources(EDS) === one.resources(EDS)]).toEqual([5, true]);
    expect([one.resources(CDS).label, two.resources(CDS).isContentLabel]).toEqual(['v4', true]);
    const hidden = two.without([EDS]);
    expect([hidden.resources(EDS).size, hidden.resources(CDS) === two.resources(CDS)]).toEqual([0, true]);
    expect(hidden.typeUrls()).toEqual([CDS]);
    expect(Snapshot.EMPTY.resources('type.googleapis.com/what').size).toBe(0);
  });
});
