import { createDiskState } from './disk.ts';
import { createMemoryState } from './memory.ts';

/** The drivers of `FleetState` by name. */
export const STATE_DRIVERS = { disk: createDiskState, memory: createMemoryState } as const;
