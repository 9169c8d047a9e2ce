import { describe, expect, test } from 'vitest';
import { World } from '../../../src/fleet/world.ts';
import type { SourceConfig } from '../../../src/model/config.ts';
import { complete, configOf, failure, instances, service, source, sourceKinds } from '../fixtures.ts';

const SERVICES = [service('a', ['dc']), service('b', ['dc'])];

function worldOf(dc: SourceConfig = source('dc')): World {
  const world = new World();
  world.configure(configOf({ sources: [dc], services: SERVICES }), sourceKinds);
  return world;
}

const addresses = (world: World, name = 'a'): readonly string[] =>
  world.endpoints(name).endpoints.map(({ address, health }) => `${address} ${health}`);

describe('an unchanged report (SRC1)', () => {
  test('refreshes the age, ends a failure and changes nothing else', () => {
    const world = worldOf();
    world.put('dc', complete('eu', instances('a', [1])), 5);
    world.put('dc', failure('eu'), 6);
    expect(world.put('dc', { kind: 'unchanged', scope: 'eu', nextAttempt: 99 }, 7)).toEqual([]);
    expect(world.scopes('dc')).toMatchObject([
      { state: 'ok', at: 7, instances: 1, failures: 0, nextAttempt: 99 },
    ]);
  });

  test('counts for a held scope', () => {
    const world = worldOf();
    world.put('dc', complete('eu', instances('a', [1])), 0);
    world.put('dc', complete('eu', []), 10);
    world.put('dc', { kind: 'unchanged', scope: 'eu' }, 30_000);
    expect(addresses(world)).toEqual(['10.0.0.1 DEGRADED']);
    expect(world.put('dc', { kind: 'unchanged', scope: 'eu' }, 60_010)).toEqual(['a']);
    expect(addresses(world)).toEqual([]);
  });
});

test('SRC16: failures in a row are counted, as are reports, changes and errors', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1])), 0);
  for (const now of [1, 2, 3]) world.put('dc', failure('eu'), now);
  expect(world.scopes('dc')).toMatchObject([{ state: 'failing', failures: 3, instances: 1 }]);
  world.put('dc', complete('eu', instances('a', [2])), 4);
  expect(world.scopes('dc')).toMatchObject([{ state: 'ok', failures: 0 }]);
  expect(world.counters('dc')).toEqual(new Map([['eu', { reports: 5, changes: 2, errors: 3 }]]));
});

describe('a scope that is no more', () => {
  test('is forgotten once nothing of it is left', () => {
    const world = worldOf();
    world.put('dc', complete('dc1/a', instances('a', [1])), 0);
    world.put('dc', { ...complete('dc1/a', [], 'stated'), closed: true }, 1);
    expect(world.scopes('dc')).toEqual([]);
    expect(world.believed('dc', 'dc1/a')).toBeUndefined();
    expect(addresses(world)).toEqual([]);
  });

  test('stays while the guard holds what it had, and goes with the hold', () => {
    const world = worldOf();
    world.put('dc', complete('dc1/a', instances('a', [1])), 0);
    world.put('dc', { ...complete('dc1/a', []), closed: true }, 1);
    expect(world.scopes('dc')).toMatchObject([{ state: 'held', held: 1 }]);
    expect(world.tick(600_001)).toEqual(['a']);
    expect(world.scopes('dc')).toEqual([]);
  });
});

describe('maxAge (SRC3)', () => {
  test('what is older is served DEGRADED, never dropped, and well again with the next report', () => {
    const world = worldOf({ ...source('dc'), maxAgeMs: 1_000 });
    world.put('dc', complete('eu', instances('a', [1])), 0);
    expect(world.tick(1_000)).toEqual([]);
    expect(world.tick(1_001)).toEqual(['a']);
    expect(addresses(world)).toEqual(['10.0.0.1 DEGRADED']);
    expect(world.scopes('dc')).toMatchObject([{ stale: true, instances: 1 }]);
    expect(world.put('dc', { kind: 'unchanged', scope: 'eu' }, 2_000)).toEqual(['a']);
    expect(addresses(world)).toEqual(['10.0.0.1 HEALTHY']);
  });

  test('without it an hour of failures changes nothing', () => {
    const world = worldOf();
    world.put('dc', complete('eu', instances('a', [1])), 0);
    for (let now = 30_000; now <= 3_600_000; now += 30_000) {
      expect(world.put('dc', failure('eu'), now)).toEqual([]);
      expect(world.tick(now)).toEqual([]);
    }
    expect(addresses(world)).toEqual(['10.0.0.1 HEALTHY']);
    expect(world.scopes('dc')).toMatchObject([{ state: 'failing', failures: 120, at: 0 }]);
  });
});

describe('what is known', () => {
  test('nothing, until the first round of reports is over', () => {
    const world = worldOf();
    expect(world.put('dc', { ...complete('dc1/a', instances('a', [1])), more: true }, 0)).toEqual(['a']);
    expect([world.endpoints('a').known, world.endpoints('b').known]).toEqual([false, false]);
    expect(world.put('dc', complete('dc1/b', []), 1)).toEqual(['a', 'b']);
    expect([world.endpoints('a').known, world.endpoints('b').known]).toEqual([true, true]);
  });

  test('not the services of a scope that could never be read: it may hold some of theirs', () => {
    const world = worldOf();
    world.put('dc', { ...complete('eu', instances('a', [1])), more: true }, 0);
    world.put('dc', failure('us'), 1);
    expect(world.endpoints('b').known).toBe(false);
    expect(world.put('dc', complete('us', []), 2)).toEqual(['a', 'b']);
    expect(world.endpoints('b').known).toBe(true);
  });

  test('the others, where such a scope is that of one service', () => {
    const world = worldOf();
    world.put('dc', { ...failure('dc1/a'), service: 'a', more: true }, 0);
    world.put('dc', complete('dc1/b', []), 1);
    expect([world.endpoints('a').known, world.endpoints('b').known]).toEqual([false, true]);
  });
});

test('an edit of what a source is asked is the reason for what it no longer says', () => {
  const world = worldOf(source('dc', { filters: 'wide' }));
  world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
  const edited = configOf({ sources: [source('dc', { filters: 'narrow' })], services: SERVICES });
  expect(world.configure(edited, sourceKinds)).toEqual([]);
  world.put('dc', failure('eu'), 1);
  expect(addresses(world)).toHaveLength(4);
  expect(world.put('dc', complete('eu', instances('a', [4])), 2)).toEqual(['a']);
  expect(addresses(world)).toEqual(['10.0.0.4 HEALTHY']);
  world.put('dc', complete('eu', []), 3);
  expect(addresses(world)).toEqual(['10.0.0.4 DEGRADED']);
});

test('an id that comes twice in a report counts once', () => {
  const world = worldOf();
  world.put('dc', complete('eu', [...instances('a', [1]), ...instances('a', [1])]), 0);
  expect(world.scopes('dc')).toMatchObject([{ instances: 1, dropped: 1 }]);
});

test('everything seen can be looked at: what is served, and what is held', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1, 2, 3])), 0);
  world.put('dc', complete('eu', []), 1);
  expect([...world.seen('dc')].map(({ scope, seen, held }) => [scope, seen.id, held])).toEqual([
    ['eu', 'a-1', true],
    ['eu', 'a-2', true],
    ['eu', 'a-3', true],
  ]);
  expect([...world.seen('other')]).toEqual([]);
});
