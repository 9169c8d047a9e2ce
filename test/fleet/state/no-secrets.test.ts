import { afterEach, beforeEach, expect, test } from 'vitest';
import { MARKER, rig, tlsSecret } from '../build/rig.ts';
import { configOf, endpoint, group, listener, route, service } from '../fixtures.ts';
import { type Folder, inLife, temporaryFolder } from './folder.ts';

let folder: Folder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test('SRC15: no byte of a secret is written to disk, and after a restart its listener still stands', async () => {
  const { builder, configure, held } = rig();
  configure(
    configOf({
      secrets: ['s1'],
      services: [service('a', [], { endpoints: [endpoint(1)] })],
      listeners: [listener('shop', ['s1'])],
      httpRoutes: [route('r', ['shop'], ['a'])],
      groups: [group('edge', ['shop'])],
    }),
  );
  builder.putSecret('s1', tlsSecret(1));
  builder.build('edge', 0);
  expect(Object.values(held('edge')).join()).toContain(Buffer.from(MARKER).toString('hex'));
  await inLife(folder.dir, (state) => state.saveSnapshot('edge', () => builder.record('edge')));
  const files = [...folder.files().values()];
  expect(files.some((bytes) => bytes.includes('envoy.config.listener'))).toBe(true);
  // Resources are stored in base64: the marker is looked for at each of its three offsets, too.
  for (const form of [MARKER, ...[0, 1, 2].map(base64At)]) {
    expect(files.filter((bytes) => bytes.includes(form))).toEqual([]);
  }
  const [record] = await inLife(folder.dir, (_, { snapshots }) => snapshots);
  expect(record?.knownSecrets).toEqual(['s1']);
});

/** What is the same in the base64 of anything that holds the marker at this offset (modulo 3). */
function base64At(offset: number): string {
  const text = Buffer.from(' '.repeat(offset) + MARKER).toString('base64');
  return text.slice(offset === 0 ? 0 : 4, -4);
}
