import type { FleetState } from './state.ts';

/** State of a replica without a state directory: nothing outlives the process. */
export function createMemoryState(): FleetState {
  let revision = 0;
  return {
    load: () => Promise.resolve({ config: undefined, scopes: [], snapshots: [], problems: [] }),
    saveConfig: () => undefined,
    saveScope: () => undefined,
    saveSnapshot: () => undefined,
    forgetScope: () => undefined,
    forgetSnapshot: () => undefined,
    nextRevision: () => {
      revision += 1;
      return revision;
    },
    health: () => ({ ok: true }),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
