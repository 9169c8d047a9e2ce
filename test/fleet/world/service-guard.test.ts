import { expect, test } from 'vitest';
import { World } from '../../../src/fleet/world.ts';
import type { Config } from '../../../src/model/config.ts';
import {
  complete,
  configOf,
  failure,
  instance,
  instances,
  service,
  source,
  sourceKinds,
} from '../fixtures.ts';

const MINUTE = 60_000;
const OTHERS = Array.from({ length: 50 }, (_, n) => n + 100);
const CONFIG = configOf({
  sources: [source('vms')],
  services: [service('a', ['vms']), service('b', ['vms'])],
});

/** Fifty instances of `b` beside those of `a`: the scope as a whole never shrinks much. */
function report(ids: readonly number[], over: object = {}) {
  return { ...complete('eu', [...instances('a', ids), ...instances('b', OTHERS)]), ...over };
}

function worldOf(ids: readonly number[], config: Config = CONFIG): World {
  const world = new World();
  world.configure(config, sourceKinds);
  world.put('vms', report(ids), 0);
  return world;
}

const shown = (world: World, name = 'a'): readonly string[] =>
  world.endpoints(name).endpoints.map(({ address, health }) => `${address.slice(7)} ${health}`);

test('SRC2: a service that loses most of its endpoints keeps them, though its scope lost little', () => {
  const world = worldOf([1, 2, 3, 4]);
  expect(world.put('vms', report([1]), 10)).toEqual(['a']);
  expect(shown(world)).toEqual(['1 HEALTHY', '2 DEGRADED', '3 DEGRADED', '4 DEGRADED']);
  expect(world.scopes('vms')).toMatchObject([{ state: 'ok', held: 0, instances: 51 }]);
  expect(world.heldServices()).toEqual([
    { service: 'a', held: 3, since: 10, until: 10 + 10 * MINUTE, source: 'vms', scope: 'eu' },
  ]);
  expect(world.isHeld('vms', 'eu')).toBe(true);
});

test('SRC2: three equal reads over a minute release a service, unchanged ones among them', () => {
  const world = worldOf([1, 2, 3, 4]);
  world.put('vms', report([]), 10);
  expect(world.put('vms', { kind: 'unchanged', scope: 'eu' }, 30_000)).toEqual([]);
  expect(shown(world)).toHaveLength(4);
  expect(world.put('vms', { kind: 'unchanged', scope: 'eu' }, 10 + MINUTE)).toEqual(['a']);
  expect(shown(world)).toEqual([]);
  expect(world.heldServices()).toEqual([]);
});

test('SRC2: a service is released by the clock after ten minutes, by hand, or when its endpoints are back', () => {
  const ticked = worldOf([1]);
  ticked.put('vms', report([]), 10);
  expect(ticked.tick(10 * MINUTE)).toEqual([]);
  expect(ticked.tick(10 + 10 * MINUTE)).toEqual(['a']);
  const byHand = worldOf([1]);
  byHand.put('vms', report([]), 10);
  expect(byHand.release('vms', 'eu', 20)).toEqual(['a']);
  expect(shown(byHand)).toEqual([]);
  expect(byHand.release('vms', 'eu', 30)).toBeUndefined();
  const back = worldOf([1]);
  back.put('vms', report([]), 10);
  expect(back.put('vms', report([1]), 20)).toEqual(['a']);
  expect(shown(back)).toEqual(['1 HEALTHY']);
});

test('a stated reason, instances that ended, and instances that were draining are no reason to hold', () => {
  const stated = worldOf([1, 2, 3, 4]);
  stated.put('vms', report([], { reason: 'stated' }), 1);
  expect(shown(stated)).toEqual([]);
  const ended = worldOf([1, 2, 3, 4]);
  ended.put('vms', report([4], { terminated: ['a-1', 'a-2', 'a-3'] }), 1);
  expect(shown(ended)).toEqual(['4 HEALTHY']);
  const draining = worldOf([1, 2]);
  const leaving = [1, 2].map((id) => instance('a', id, { health: 'DRAINING' }));
  draining.put('vms', complete('eu', [...leaving, ...instances('b', OTHERS)]), 1);
  expect(shown(draining)).toEqual(['1 DRAINING', '2 DRAINING']);
  draining.put('vms', report([]), 2);
  expect(shown(draining)).toEqual([]);
});

test('those that ended go, and what vanished in the same report without a reason is held', () => {
  const world = worldOf([1, 2, 3, 4, 5]);
  world.put('vms', report([], { terminated: ['a-1'] }), 1);
  expect(shown(world)).toEqual(['2 DEGRADED', '3 DEGRADED', '4 DEGRADED', '5 DEGRADED']);
});

test('facts that change away from a service are a shrink of it like any other', () => {
  const world = worldOf([1, 2, 3]);
  const moved = [1, 2, 3].map((id) => instance('a', id, { labels: { 'test.service': 'c' } }));
  world.put('vms', complete('eu', [...moved, ...instances('b', OTHERS)]), 1);
  expect(shown(world)).toEqual(['1 DEGRADED', '2 DEGRADED', '3 DEGRADED']);
});

test('a scope that is let go takes its services along: they do not hold it once more', () => {
  const alone = configOf({ sources: [source('vms')], services: [service('a', ['vms'])] });
  const world = new World();
  world.configure(alone, sourceKinds);
  world.put('vms', complete('eu', instances('a', [1, 2, 3])), 0);
  for (const now of [10, 20, 30]) world.put('vms', complete('eu', []), now);
  expect(shown(world)).toHaveLength(3);
  expect(world.put('vms', complete('eu', []), MINUTE + 10)).toEqual(['a']);
  expect(shown(world)).toEqual([]);
});

test('an edit of the service is what the user wants, and ends its hold', () => {
  const world = worldOf([1, 2, 3]);
  world.put('vms', report([]), 1);
  const edited = configOf({
    sources: [source('vms')],
    services: [service('a', ['vms'], { from: [] }), service('b', ['vms'])],
  });
  expect(world.configure(edited, sourceKinds)).toEqual(['a']);
  expect(world.heldServices()).toEqual([]);
});

test('a failure of the source leaves a hold as it is, and does not count as a read', () => {
  const world = worldOf([1, 2, 3]);
  world.put('vms', report([]), 1);
  for (const now of [MINUTE, 2 * MINUTE, 3 * MINUTE]) world.put('vms', failure('eu'), now);
  expect(shown(world)).toHaveLength(3);
});
