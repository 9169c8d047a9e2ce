import { expect, test } from 'vitest';
import { relabelRules } from '../../src/config/schema/relabel.ts';
import { World } from '../../src/fleet/world.ts';
import { prepareReport } from '../../src/serve/prepare.ts';
import { complete, configOf, failure, instances, service, source, sourceKinds } from '../fleet/fixtures.ts';

const MANY = Array.from({ length: 20_000 }, (_, id) => id);

function worldOf(): World {
  const relabel = relabelRules.parse(
    MANY.slice(0, 10).map((n) => ({ source_labels: ['__id__'], regex: `a-(.*)${n}`, target_label: `t${n}` })),
  );
  const world = new World();
  const sources = [{ ...source('dc'), relabel }];
  world.configure(configOf({ sources, services: [service('a', ['dc'])] }), sourceKinds);
  return world;
}

test('a large report is taken through relabelling in slices, and comes out the same', async () => {
  const [world, other] = [worldOf(), worldOf()];
  const report = complete('eu', instances('a', MANY));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    handle = setImmediate(count);
  };
  let handle = setImmediate(count);
  await prepareReport(world, 'dc', report);
  clearImmediate(handle);
  expect(turns).toBeGreaterThan(1);
  world.put('dc', report, 0);
  other.put('dc', report, 0);
  expect(world.endpoints('a')).toEqual(other.endpoints('a'));
});

test('a small report, a failure and a source that is gone need nothing', async () => {
  const world = worldOf();
  const reports = [
    complete('eu', instances('a', [1])),
    failure('eu'),
    { kind: 'unchanged', scope: 'eu' } as const,
  ];
  for (const report of reports) await expect(prepareReport(world, 'dc', report)).resolves.toBeUndefined();
  await expect(prepareReport(world, 'gone', complete('eu', instances('a', MANY)))).resolves.toBeUndefined();
  expect(world.scopes('dc')).toEqual([]);
});
