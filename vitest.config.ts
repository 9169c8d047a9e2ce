import { defineConfig } from 'vitest/config';

/** Tests that start real parts or whole processes; all others are unit tests and run in `npm run check`. */
const FEATURES = ['test/**/*.feature.test.ts', 'test/**/features/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    allowOnly: false,
    setupFiles: ['test/parts/open-handles.ts', 'test/parts/seed.ts'],
    // Two cores: real Envoys in several files at once would starve each other.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: FEATURES } },
      { extends: true, test: { name: 'feature', include: FEATURES } },
    ],
  },
});
