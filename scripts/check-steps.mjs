// What `npm run check` and `npm test` have in common.
import { programStep, vitestStep } from './steps.mjs';

/** @type {readonly import('./steps.mjs').Step[]} */
export const checkSteps = [
  programStep('types', 'tsc', ['--noEmit', '-p', '.']),
  programStep('lint and format', 'biome', ['check', '--error-on-warnings']),
  programStep('dead code', 'knip', ['--no-progress']),
  programStep('generated files are up to date', 'node', ['scripts/docs.mjs', '--check']),
  vitestStep('unit tests, import table, registries', 'unit'),
];
