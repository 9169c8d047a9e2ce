import { expect, test } from 'vitest';
import { relabelRules } from '../../../src/config/schema/relabel.ts';
import { World } from '../../../src/fleet/world.ts';
import type { SourceConfig } from '../../../src/model/config.ts';
import { complete, configOf, instance, instances, service, source } from '../fixtures.ts';

const LABEL = { serviceLabel: 'test.service' };

function configured(world: World, dc: Partial<SourceConfig>, kind: object = LABEL): readonly string[] {
  const services = [service('a', ['dc']), service('b', ['dc'])];
  return world.configure(configOf({ sources: [{ ...source('dc'), ...dc }], services }), () => kind);
}

const addresses = (world: World, name: string): readonly string[] =>
  world.endpoints(name).endpoints.map(({ address }) => address);
const dropped = (world: World) => [...world.seen('dc')].flatMap((one) => one.dropped ?? []);

test('SRC12: rules decide what is selected, and other rules decide anew without another report', () => {
  const world = new World();
  configured(world, {});
  world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
  const relabel = relabelRules.parse([
    { source_labels: ['__id__'], regex: 'a-[34]', target_label: 'test.service', replacement: 'b' },
  ]);
  expect(configured(world, { relabel })).toEqual(['a', 'b']);
  expect([addresses(world, 'a'), addresses(world, 'b')]).toEqual([
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.3', '10.0.0.4'],
  ]);
  expect(configured(world, {})).toEqual(['a', 'b']);
  expect(addresses(world, 'a')).toHaveLength(4);
});

test('SRC12: what a rule drops is counted and told why; an edit of the rules is no shrink to hold', () => {
  const world = new World();
  configured(world, {});
  world.put('dc', complete('eu', instances('a', [1, 2, 3, 4])), 0);
  const relabel = relabelRules.parse([{ source_labels: ['test.service'], regex: 'a', action: 'drop' }]);
  configured(world, { relabel });
  expect(addresses(world, 'a')).toEqual([]);
  expect(world.scopes('dc')).toMatchObject([{ instances: 0, dropped: 4, held: 0 }]);
  expect(dropped(world)[0]).toBe('rule 1: drop test.service "a" matches');
});

test('SRC11: an instance without an address is seen and not served; one that loses it is guarded', () => {
  const world = new World();
  configured(world, {});
  world.put('dc', complete('eu', instances('a', [1])), 0);
  world.put('dc', complete('eu', [instance('a', 1, { address: '' })]), 1);
  expect(dropped(world)).toEqual(['it has no address of the kind that the source is asked for']);
  expect(world.endpoints('a').endpoints).toMatchObject([{ address: '10.0.0.1', health: 'DEGRADED' }]);
});

test('BAD9: addresses that no endpoint can have are left out, unless the source may name them', () => {
  const bad = instance('a', 1, { address: '127.0.0.1' });
  const report = complete('eu', [bad, ...instances('a', [2])]);
  const world = new World();
  configured(world, {});
  world.put('dc', report, 0);
  expect(addresses(world, 'a')).toEqual(['10.0.0.2']);
  expect(dropped(world)[0]).toContain("127.0.0.1 is the proxy's own machine");
  configured(world, { allowAddresses: ['loopback'] });
  expect(addresses(world, 'a')).toEqual(['10.0.0.2', '127.0.0.1']);
  const trusting = new World();
  configured(trusting, {}, { ...LABEL, trustsAddresses: true });
  trusting.put('dc', report, 0);
  expect(addresses(trusting, 'a')).toHaveLength(2);
});
