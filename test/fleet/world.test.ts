import { expect, test } from 'vitest';
import { World } from '../../src/fleet/world.ts';
import type { Config } from '../../src/model/config.ts';
import {
  complete,
  configOf,
  endpoint,
  failure,
  instance,
  instances,
  service,
  source,
  sourceKinds,
} from './fixtures.ts';

const CONFIG = configOf({
  sources: [source('dc'), source('vms')],
  services: [service('a', ['dc']), service('b', ['dc']), service('both', ['dc', 'vms'])],
});
const MINUTE = 60_000;

function worldOf(config: Config = CONFIG): World {
  const world = new World();
  world.configure(config, sourceKinds);
  return world;
}

const addresses = (world: World, name: string): readonly string[] =>
  world
    .endpoints(name)
    .endpoints.map(({ address, health }) => (health === 'HEALTHY' ? address : `${address} ${health}`));
const scopeOf = (world: World) => world.scopes('dc')[0];

test('the first report of a source concerns every service that comes to be known', () => {
  const world = worldOf();
  expect(world.put('dc', complete('eu', instances('a', [1])), 5)).toEqual(['a', 'b']);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1']);
  expect(scopeOf(world)).toMatchObject({
    scope: 'eu',
    state: 'ok',
    instances: 1,
    held: 0,
    at: 5,
    error: undefined,
  });
});

test('a report answers only the services whose endpoints changed', () => {
  const world = worldOf();
  world.put('dc', complete('eu', [...instances('a', [1]), ...instances('b', [2])]), 0);
  expect(world.put('dc', complete('eu', [...instances('a', [1]), ...instances('b', [3])]), 1)).toEqual(['b']);
  expect(world.put('dc', complete('eu', [...instances('a', [1]), ...instances('b', [3])]), 2)).toEqual([]);
  const relabelled = instance('b', 3, { labels: { 'test.service': 'b', other: 'fact' } });
  expect(world.put('dc', complete('eu', [...instances('a', [1]), relabelled]), 3)).toEqual([]);
});

test('SRC1: a scope replaces itself alone', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1, 2])), 0);
  world.put('dc', complete('us', instances('a', [3])), 0);
  world.put('dc', complete('eu', instances('a', [2, 4])), 0);
  expect(addresses(world, 'a')).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4']);
});

test('SRC3: a failure replaces nothing, and shows with the age of what is served', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1])), 5);
  expect(world.put('dc', failure('eu', 'timed out'), 9)).toEqual([]);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1']);
  expect(scopeOf(world)).toMatchObject({ state: 'failing', instances: 1, at: 5, error: 'timed out' });
  world.put('dc', complete('eu', instances('a', [1])), 12);
  expect(scopeOf(world)).toMatchObject({ state: 'ok', at: 12, error: undefined });
});

test('what was never read is not known, be there failures or not; known and empty is another thing', () => {
  const world = worldOf();
  world.put('dc', failure('eu'), 0);
  expect(world.endpoints('a')).toEqual({ endpoints: [], known: false });
  world.put('dc', complete('eu', []), 0);
  expect(world.endpoints('a')).toEqual({ endpoints: [], known: true });
  expect(world.endpoints('both').known).toBe(false);
});

test('SRC2: a large drop without a reason is held DEGRADED, and released by three equal reads over a minute', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
  expect(world.put('dc', complete('eu', instances('a', [1])), 10)).toEqual(['a']);
  const held = ['10.0.0.1', '10.0.0.2 DEGRADED', '10.0.0.3 DEGRADED', '10.0.0.4 DEGRADED'];
  expect(addresses(world, 'a')).toEqual(held);
  expect(scopeOf(world)).toMatchObject({ state: 'held', held: 3, instances: 4 });
  expect(world.believed('dc', 'eu')?.instances).toHaveLength(4);
  world.put('dc', complete('eu', instances('a', [1])), 30_010);
  expect(addresses(world, 'a')).toEqual(held);
  expect(world.put('dc', complete('eu', instances('a', [1])), 10 + MINUTE)).toEqual(['a']);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1']);
  expect(scopeOf(world)).toMatchObject({ state: 'ok', held: 0 });
  expect(world.believed('dc', 'eu')?.instances).toHaveLength(1);
});

test('SRC2: a hold ends after ten minutes, or by hand, or at once when the endpoints are back', () => {
  const shrunk = (): World => {
    const world = worldOf();
    world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
    world.put('dc', complete('eu', []), 10);
    return world;
  };
  const ticked = shrunk();
  expect(ticked.tick(10 * MINUTE)).toEqual([]);
  expect(ticked.tick(10 * MINUTE + 10)).toEqual(['a']);
  expect(addresses(ticked, 'a')).toEqual([]);
  const byHand = shrunk();
  expect(byHand.release('dc', 'eu', 20)).toEqual(['a']);
  expect(addresses(byHand, 'a')).toEqual([]);
  const back = shrunk();
  expect(back.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 20)).toEqual(['a']);
  expect(addresses(back, 'a')).toHaveLength(4);
  expect(scopeOf(back)?.state).toBe('ok');
});

test('SRC2: a drop with a stated reason is believed at once', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
  expect(world.put('dc', complete('eu', [], 'stated'), 1)).toEqual(['a']);
  expect(addresses(world, 'a')).toEqual([]);
});

test('SRC13: a scope that is gone is held like any drop', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1])), 0);
  world.put('dc', { ...failure('eu', 'the file was deleted'), gone: true }, 1);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1 DEGRADED']);
  expect(scopeOf(world)).toMatchObject({ held: 1, error: 'the file was deleted' });
});

test('SRC4: what was kept over a restart is served, flagged, and guarded against a broken first read', () => {
  const world = worldOf();
  expect(world.restore('dc', 'eu', instances('a', [1, 2, 3, 4]), 77)).toContain('a');
  expect(addresses(world, 'a')).toHaveLength(4);
  expect(world.endpoints('a').known).toBe(true);
  expect(scopeOf(world)).toMatchObject({ state: 'restored', at: 77, instances: 4 });
  world.put('dc', complete('eu', []), 100);
  expect(addresses(world, 'a')).toHaveLength(4);
  expect(scopeOf(world)?.state).toBe('held');
  world.put('dc', complete('eu', instances('a', [1, 2, 3])), 101);
  expect(scopeOf(world)?.state).toBe('ok');
});

test('a restore comes too late for a scope that has reported, and for a source that is gone', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1])), 0);
  expect(world.restore('dc', 'eu', instances('a', [9]), 0)).toEqual([]);
  expect(world.restore('old', 'eu', instances('a', [9]), 0)).toEqual([]);
  expect(world.put('old', complete('eu', instances('a', [9])), 0)).toEqual([]);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1']);
});

test('SRC14: another config keeps the scopes of the sources that stay', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('a', [1])), 0);
  const edited = configOf({
    sources: [source('dc'), source('more')],
    services: [service('a', ['dc']), service('inline', [], { endpoints: [endpoint(5)] })],
  });
  expect(world.configure(edited, sourceKinds)).toEqual(['inline']);
  expect(addresses(world, 'a')).toEqual(['10.0.0.1']);
  expect(addresses(world, 'inline')).toEqual(['10.0.0.5']);
  expect(world.service('b')).toBeUndefined();
});

test('a source that leaves the config takes its endpoints along', () => {
  const world = worldOf();
  world.put('dc', complete('eu', instances('both', [1])), 0);
  world.put('vms', complete('eu', instances('both', [2])), 0);
  const { sources, ...rest } = CONFIG;
  const left = new Map([...sources].filter(([name]) => name === 'dc'));
  const edited = { ...rest, sources: left, services: new Map([['both', service('both', ['dc'])]]) };
  expect(world.configure(edited, sourceKinds)).toEqual(['both']);
  expect(addresses(world, 'both')).toEqual(['10.0.0.1']);
  expect(world.scopes('vms')).toEqual([]);
});
