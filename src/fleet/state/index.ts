import { createDiskState } from './disk.ts';

/** The drivers of `FleetState` by name. */
export const STATE_DRIVERS = { disk: createDiskState } as const;
