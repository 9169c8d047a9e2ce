import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskState } from '../../../src/fleet/state/disk.ts';
import type { FleetState, StoredState } from '../../../src/fleet/state/state.ts';

export interface Folder {
  readonly dir: string;
  /** Every file by its path within the folder. */
  files(): ReadonlyMap<string, Buffer>;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const dir = mkdtempSync(join(tmpdir(), 'muster-state-'));
  return {
    dir,
    files: () => filesOf(dir),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** One life of a state: opened, used, closed. */
export async function inLife<T>(
  dir: string,
  run: (state: FleetState, loaded: StoredState) => T | Promise<T>,
): Promise<T> {
  const state = createDiskState({ dir });
  const result = await run(state, await state.load());
  await state.close();
  return result;
}

function filesOf(dir: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(dir.length + 1), readFileSync(path)]));
}
