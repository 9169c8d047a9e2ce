import { createMemoryQueue } from './memory.ts';

/** The drivers of `ChangeQueue` by name. */
export const QUEUE_DRIVERS = { memory: createMemoryQueue } as const;
