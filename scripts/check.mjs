import { setUp } from './setup.mjs';

await setUp();
const { checkSteps } = await import('./check-steps.mjs');
const { runSteps } = await import('./steps.mjs');
const { failed } = await runSteps(checkSteps, { stopAtFirst: true });
process.exitCode = failed === 0 ? 0 : 1;
