import { createMemoryState } from '../../../src/fleet/state/memory.ts';
import { testState } from './suite.ts';

testState('memory', {
  place: () => Promise.resolve({ open: createMemoryState, remove: () => Promise.resolve() }),
});
