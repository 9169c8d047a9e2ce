import { expect, test } from 'vitest';
import { decodeScope } from '../../../src/fleet/state/records.ts';
import { ScopeEncoder } from '../../../src/fleet/state/scope-encoder.ts';
import { instance, instances } from '../fixtures.ts';
import { scope } from './written.ts';

const many = instances(
  'a',
  Array.from({ length: 5_000 }, (_, id) => id),
);
const byId = (left: { readonly id: string }, right: { readonly id: string }) => (left.id < right.id ? -1 : 1);

test('a scope of thousands comes back whole', async () => {
  const record = scope({ instances: many });
  const { instances: read, ...facts } = decodeScope(await new ScopeEncoder('k').encode(record));
  expect(facts).toEqual({ source: record.source, scope: record.scope, at: record.at });
  expect(read.toSorted(byId)).toEqual(many.toSorted(byId));
});

test('one changed instance of thousands is serialised with its part alone', async () => {
  const encoder = new ScopeEncoder('k');
  const before = await encoder.encode(scope({ instances: many }));
  const moved = instance('a', 7, { address: '10.9.9.9' });
  const after = await encoder.encode(scope({ at: 2, instances: many.with(7, moved) }));
  const written = [...after.parts].filter(([name, bytes]) => before.parts.get(name) !== bytes);
  expect(written).toHaveLength(1);
  expect(decodeScope(after).instances).toContainEqual(moved);
});

test('parts give the event loop its turns', async () => {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    handle = setImmediate(count);
  };
  let handle = setImmediate(count);
  await new ScopeEncoder('k').encode(scope({ instances: many }));
  clearImmediate(handle);
  expect(turns).toBeGreaterThan(30);
});
