import { describe, expect, test } from 'vitest';
import type { FleetState, ScopeRecord } from '../../../src/fleet/state/state.ts';
import { CONFIG, comparable, scope, snapshot } from './written.ts';

export interface StateHarness {
  /** A place that nothing was written to yet. */
  place(): Promise<Place>;
}

export interface Place {
  /** Another life at the same place; the one before it was closed. */
  open(): FleetState;
  remove(): Promise<void>;
}

/** What every driver of `FleetState` does. */
export function testState(driver: string, harness: StateHarness): void {
  describe(`${driver}: a state`, () => {
    test('is empty and healthy at first', async () => {
      await inOneLife(harness, async (state, loaded) => {
        expect(loaded).toMatchObject({ config: undefined, scopes: [], snapshots: [], problems: [] });
        expect(state.health()).toEqual({ ok: true });
      });
    });

    test('gives revisions that grow with every call', async () => {
      await inOneLife(harness, async (state) => {
        const given = Array.from({ length: 3_000 }, () => state.nextRevision());
        expect(given.every((one, index) => index === 0 || one > (given[index - 1] ?? 0))).toBe(true);
        expect(given[0]).toBeGreaterThan(0);
      });
    });

    test('takes saves without a wait and without a throw, and is healthy after them', async () => {
      await inOneLife(harness, async (state) => {
        saveAll(state);
        state.forgetScope('dc', 'never saved');
        state.forgetSnapshot('never saved');
        await state.flush();
        expect(state.health()).toEqual({ ok: true });
      });
    });

    test('can be closed twice, and takes saves after it in silence', async () => {
      await inOneLife(harness, async (state) => {
        await state.close();
        saveAll(state);
        await state.close();
      });
    });
  });
}

/** What a driver that outlives the process does besides. */
export function testLastingState(driver: string, harness: StateHarness): void {
  describe(`${driver}: after a restart`, () => {
    test('everything saved is read back as it was', async () => {
      const loaded = await afterRestart(harness, saveAll);
      expect(loaded).toMatchObject({ config: CONFIG, scopes: [scope()], problems: [] });
      expect(loaded.snapshots.map(comparable)).toEqual([comparable(snapshot())]);
    });

    test('of several saves under one key the newest is read', async () => {
      const loaded = await afterRestart(harness, async (state) => {
        state.saveScope(scope({ at: 1 }));
        state.saveScope(scope({ at: 2 }));
        await state.flush();
        state.saveScope(scope({ at: 3, instances: [] }));
      });
      expect(loaded.scopes).toEqual([scope({ at: 3, instances: [] })]);
    });

    test('scopes of equal names in two sources are two, whatever their names hold', async () => {
      const all = ['a/b', '../x', 'ü', ''].flatMap((name) => [
        scope({ source: 'dc', scope: name }),
        scope({ source: 'vms', scope: name }),
      ]);
      const loaded = await afterRestart(harness, (state) => {
        for (const one of all) state.saveScope(one);
      });
      const keys = (records: readonly ScopeRecord[]) =>
        records.map((one) => `${one.source} ${one.scope}`).sort();
      expect(keys(loaded.scopes)).toEqual(keys(all));
    });

    test('what was forgotten is gone', async () => {
      const loaded = await afterRestart(harness, async (state) => {
        saveAll(state);
        await state.flush();
        state.forgetScope('dc', 'eu');
        state.forgetSnapshot('edge');
      });
      expect(loaded).toMatchObject({ config: CONFIG, scopes: [], snapshots: [], problems: [] });
    });

    test('a snapshot is read when it is written, once for many saves', async () => {
      let reads = 0;
      const loaded = await afterRestart(harness, (state) => {
        for (let turn = 1; turn <= 5; turn += 1) {
          state.saveSnapshot('edge', () => {
            reads += 1;
            return snapshot({ revision: turn });
          });
        }
        expect(reads).toBe(0);
      });
      expect(reads).toBe(1);
      expect(loaded.snapshots[0]?.revision).toBe(5);
    });

    test('revisions go on growing, life after life', async () => {
      const place = await harness.place();
      let last = 0;
      for (let life = 0; life < 4; life += 1) {
        const state = place.open();
        await state.load();
        expect(state.nextRevision()).toBeGreaterThan(last);
        for (let call = 0; call < 700; call += 1) last = state.nextRevision();
        await state.close();
      }
      await place.remove();
    });
  });
}

function saveAll(state: FleetState): void {
  state.saveConfig(CONFIG);
  state.saveScope(scope());
  state.saveSnapshot('edge', () => snapshot());
}

type Loaded = Awaited<ReturnType<FleetState['load']>>;

async function inOneLife(
  harness: StateHarness,
  run: (state: FleetState, loaded: Loaded) => Promise<void>,
): Promise<void> {
  const place = await harness.place();
  const state = place.open();
  await run(state, await state.load());
  await state.close();
  await place.remove();
}

async function afterRestart(
  harness: StateHarness,
  run: (state: FleetState) => void | Promise<void>,
): Promise<Loaded> {
  const place = await harness.place();
  const before = place.open();
  await before.load();
  await run(before);
  await before.close();
  const after = place.open();
  const loaded = await after.load();
  await after.close();
  await place.remove();
  return loaded;
}
