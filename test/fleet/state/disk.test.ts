import { hash } from 'node:crypto';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDiskState } from '../../../src/fleet/state/disk.ts';
import type { StateHealth } from '../../../src/fleet/state/state.ts';
import { until } from '../../parts/until.ts';
import { type Folder, inLife, temporaryFolder } from './folder.ts';
import { testLastingState, testState } from './suite.ts';
import { CONFIG, comparable, resource, scope, snapshot } from './written.ts';

const harness = {
  place: () => {
    const place = temporaryFolder();
    const open = () => createDiskState({ dir: join(place.dir, 'not', 'there', 'yet') });
    return Promise.resolve({ open, remove: () => Promise.resolve(place.remove()) });
  },
};

testState('disk', harness);
testLastingState('disk', harness);

let folder: Folder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

test('a save is on disk within a second', async () => {
  const state = createDiskState({ dir: folder.dir });
  await state.load();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  state.saveScope(scope());
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  await until('the scope to be written', () =>
    [...folder.files().values()].some((bytes) => bytes.includes('"scope":"eu"')),
  );
  await state.close();
});

test('only parts that changed are written: one of a thousand resources is one part and its manifest', async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
  const resources = names.map((name) => resource(name));
  await inLife(folder.dir, async (state) => {
    state.saveSnapshot('edge', () => snapshot({ resources }));
    await state.flush();
    const before = folder.files();
    const edited = resources.map((one) => (one.name === 's500' ? resource('s500', 'v2') : one));
    state.saveSnapshot('edge', () => snapshot({ resources: edited, revision: 13 }));
    await state.flush();
    const parts = [...folder.files().keys()].filter((path) => path.startsWith('parts/'));
    expect(parts.filter((path) => !before.has(path))).toHaveLength(1);
    // The predecessor's part stays, for the predecessor itself stays.
    expect([...before.keys()].filter((path) => path.startsWith('parts/') && !parts.includes(path))).toEqual(
      [],
    );
  });
  const again = await inLife(folder.dir, (_, loaded) => loaded.snapshots[0]);
  expect(again?.resources.find(({ name }) => name === 's500')?.version).toBe('v2');
  expect(again?.resources).toHaveLength(1_000);
});

test('what no manifest needs any more is cleared away', async () => {
  await inLife(folder.dir, async (state) => {
    for (let at = 1; at <= 6; at += 1) {
      state.saveScope(scope({ at, instances: [] }));
      state.saveSnapshot('edge', () => snapshot({ revision: at, resources: [resource('a', `v${at}`)] }));
      await state.flush();
    }
    state.forgetSnapshot('edge');
    state.forgetScope('dc', 'eu');
    await state.flush();
  });
  const left = [...folder.files().keys()];
  expect(left.every((path) => path.startsWith('manifests/'))).toBe(true);
  expect([...folder.files().values()].every((bytes) => bytes.includes('"revision"'))).toBe(true);
});

test('a revision that was given out is never given out again, however soon the crash comes', async () => {
  let last = 0;
  let crashed = folder;
  for (const calls of [1, 3, 700, 1, 1]) {
    const state = createDiskState({ dir: crashed.dir });
    await state.load();
    expect(state.nextRevision()).toBeGreaterThan(last);
    for (let call = 0; call < calls; call += 1) last = state.nextRevision();
    const copy = temporaryFolder();
    cpSync(crashed.dir, copy.dir, { recursive: true });
    await state.close();
    crashed.remove();
    crashed = copy;
  }
  crashed.remove();
});

test('a place that is no folder is told once, loses nothing that runs, and is taken when it is mended', async () => {
  const dir = join(folder.dir, 'state');
  writeFileSync(dir, 'a file in its place');
  const told: StateHealth[] = [];
  const state = createDiskState({ dir, onHealth: (health) => told.push(health) });
  const loaded = await state.load();
  expect(loaded.snapshots).toEqual([]);
  expect(loaded.problems.join()).toContain(dir);
  state.saveConfig(CONFIG);
  expect(state.nextRevision()).toBeGreaterThan(0);
  await state.flush();
  expect(state.health().ok).toBe(false);
  expect(state.health().error).toMatch(
    /cannot write to the state directory .*free space or make it writable/,
  );
  rmSync(dir);
  await state.flush();
  expect(state.health()).toEqual({ ok: true });
  expect(told.map(({ ok }) => ok)).toEqual([false, true]);
  await state.close();
  expect(await inLife(dir, (_, { config }) => config)).toEqual(CONFIG);
});

test('what another version wrote is passed over in words: a format, and a kind of entry', async () => {
  mkdirSync(join(folder.dir, 'manifests'), { recursive: true });
  put('scope/dc/eu', { format: 2, key: 'scope/dc/eu', facts: {}, parts: {} });
  put('lease/x', { format: 1, key: 'lease/x', facts: {}, parts: {} });
  put('scope/dc/us', { format: 1, key: 'scope/dc/us', facts: { at: 'noon' }, parts: {} });
  const loaded = await inLife(folder.dir, (_, all) => all);
  expect(loaded).toMatchObject({ config: undefined, scopes: [], snapshots: [] });
  expect(loaded.problems.join('\n')).toMatch(/written in format 2, this version reads 1/);
  expect(loaded.problems.join('\n')).toMatch(/lease\/x: of a kind that this version does not know/);
  expect(loaded.problems.join('\n')).toMatch(/scope\/dc\/us/);
});

test('a part that was damaged is written anew when the same content is saved again', async () => {
  const save = () => inLife(folder.dir, (state) => state.saveSnapshot('edge', () => snapshot()));
  await save();
  for (const [path, bytes] of folder.files()) {
    if (path.startsWith('parts/')) writeFileSync(join(folder.dir, path), bytes.subarray(1));
  }
  expect(await inLife(folder.dir, (_, { snapshots }) => snapshots)).toEqual([]);
  await save();
  const [again] = await inLife(folder.dir, (_, { snapshots }) => snapshots);
  expect(again && comparable(again)).toEqual(comparable(snapshot()));
});

function put(key: string, manifest: unknown): void {
  const body = JSON.stringify(manifest);
  const file = `${hash('sha256', key).slice(0, 32)}.json`;
  writeFileSync(join(folder.dir, 'manifests', file), `${hash('sha256', body)}\n${body}`);
}
