import { expect, test } from 'vitest';
import { configOf, group, listener, route, service } from '../fixtures.ts';
import { rig } from './rig.ts';

const config = configOf({
  services: [service('web', [], { endpoints: [] })],
  listeners: [listener('public')],
  httpRoutes: [route('web', ['public'], ['web'])],
  groups: [group('edge', ['public'])],
});

test('a restart to the very same state publishes all of it', () => {
  const before = rig();
  before.configure(config);
  before.builder.build('edge', 0);
  const after = rig();
  after.configure(config);
  after.builder.restore(before.builder.record('edge'));
  expect(after.builder.build('edge', 1)).toMatchObject({ kind: 'committed' });
  expect(after.published('edge')).toEqual(before.published('edge'));
  expect(Object.keys(after.published('edge')).length).toBeGreaterThan(3);
  expect(after.builder.build('edge', 2)).toEqual({ kind: 'unchanged' });
});
