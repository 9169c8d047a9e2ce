import { expect, test } from 'vitest';
import { Builder } from '../../src/fleet/build.ts';
import { Cells } from '../../src/fleet/cells.ts';
import { sameSelection } from '../../src/fleet/same.ts';
import { World } from '../../src/fleet/world.ts';
import type { Service, ServiceFrom } from '../../src/model/config.ts';
import { createTranslation } from '../../src/serve/translation.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import {
  complete,
  configOf,
  endpoint,
  group,
  instances,
  listener,
  route,
  service,
  source,
  sourceKinds,
} from './fixtures.ts';

const from: ServiceFrom = {
  source: 'dc',
  service: 'a',
  where: new Map([['v', { equals: '1' }]]),
  port: { kind: 'default' },
  priority: 0,
};
const selecting = (over: Partial<ServiceFrom>): Service =>
  service('a', [], { from: [{ ...structuredClone(from), ...over }], endpoints: [endpoint(1)] });

test('a service that is parsed anew and says the same selects the same', () => {
  const moved = { ...selecting({}), origin: { object: 'services/a', line: 7 }, connectTimeoutMs: 1 };
  expect(sameSelection(selecting({}), moved)).toBe(true);
});

test.each<[what: string, other: Service]>([
  ['source', selecting({ source: 'vms' })],
  ['name of the service', selecting({ service: 'b' })],
  ['no name of the service', selecting({ service: undefined })],
  ['condition', selecting({ where: new Map([['v', { equals: '2' }]]) })],
  ['kind of condition', selecting({ where: new Map([['v', { matches: '1' }]]) })],
  ['nested condition', selecting({ where: new Map([['v', { not: { equals: '1' } }]]) })],
  ['label', selecting({ where: new Map([['w', { equals: '1' }]]) })],
  ['no condition', selecting({ where: new Map() })],
  ['port', selecting({ port: { kind: 'constant', port: 1 } })],
  ['priority', selecting({ priority: 1 })],
  ['one more source', service('a', ['dc', 'vms'])],
  ['inline endpoints', { ...selecting({}), endpoints: [endpoint(2)] }],
])('a service that differs in its %s selects anew', (_, other) => {
  expect(sameSelection(selecting({}), other)).toBe(false);
});

const SOURCES = [source('dc')];
const configured = (services: readonly Service[], kind = 'test') =>
  configOf({ sources: SOURCES.map((one) => ({ ...one, kind })), services });

test('SRC14: an edit selects anew where the selection was edited, and keeps the endpoints of the others', () => {
  const world = new World();
  world.configure(configured([service('a', ['dc']), service('b', ['dc'])]), sourceKinds);
  world.put('dc', complete('eu', [...instances('a', [1]), ...instances('b', [2])]), 0);
  const { endpoints } = world.endpoints('a');
  const other = service('b', ['dc']);
  const edited = { ...other, from: other.from.map((one) => ({ ...one, priority: 3 })) };
  expect(world.configure(configured([service('a', ['dc']), edited]), sourceKinds)).toEqual(['b']);
  expect(world.endpoints('a').endpoints).toBe(endpoints);
  expect(world.endpoints('b').endpoints.map(({ priority }) => priority)).toEqual([3]);
});

test('a source that is of another kind now is another source: what the old one said is not believed of it', () => {
  const world = new World();
  world.configure(configured([service('a', ['dc'])]), sourceKinds);
  world.put('dc', complete('eu', instances('a', [1])), 0);
  expect(world.configure(configured([service('a', ['dc'])], 'other'), sourceKinds)).toEqual(['a']);
  expect(world.endpoints('a')).toEqual({ endpoints: [], known: false });
  expect(world.scopes('dc')).toEqual([]);
});

test('a cell knows on which line its service stands now, and keeps its bytes', () => {
  const translation = createTranslation(loadRegistry());
  const at = (line: number): Service =>
    service('a', [], { endpoints: [endpoint(1)], origin: { object: 'services/a', file: 'f', line } });
  const world = new World();
  const cells = new Cells(world, translation);
  world.configure(configured([at(1)]), sourceKinds);
  const before = cells.endpoints('a');
  expect(cells.endpoints('a')).toBe(before);
  world.configure(configured([at(5)]), sourceKinds);
  const after = cells.endpoints('a');
  expect(after?.origins).toEqual([at(5).origin]);
  expect(after?.bytes).toBe(before?.bytes);
  expect(cells.endpoints('a')).toBe(after);
});

test('an edit that moves lines alone commits nothing, and what is served is found on its new lines', () => {
  const translation = createTranslation(loadRegistry());
  const world = new World();
  const nextRevision = (): number => 1;
  const builder = new Builder({ world, translation, publish: () => undefined, nextRevision });
  const at = (line: number) => {
    const origin = { object: 'services/a', file: 'f', line };
    return configOf({
      services: [service('a', [], { endpoints: [endpoint(1)], origin })],
      listeners: [listener('web')],
      httpRoutes: [route('r', ['web'], ['a'])],
      groups: [group('edge', ['web'])],
    });
  };
  const outcomes = [1, 5].map((line) => {
    world.configure(at(line), sourceKinds);
    builder.setConfig(at(line));
    return builder.build('edge', 0).kind;
  });
  expect(outcomes).toEqual(['committed', 'unchanged']);
  const { cluster, endpoints } = translation.types;
  for (const type of [cluster, endpoints]) {
    expect(builder.find('edge', type, 'a')?.origins).toEqual([{ object: 'services/a', file: 'f', line: 5 }]);
  }
});
