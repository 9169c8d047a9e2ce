// Everything that CI runs. The last line is `N passed, N failed`, whatever happened before it.
import { setUp } from './setup.mjs';

await setUp();
const { ensurePart } = await import('./parts.mjs');
const { checkSteps } = await import('./check-steps.mjs');
const { runSteps, vitestStep } = await import('./steps.mjs');

/** @type {import('./steps.mjs').Step} */
const parts = {
  name: 'real parts',
  run: async () => {
    try {
      for (const name of ['envoy', 'moto', 'openbao', 'consul']) await ensurePart(name);
      return { ok: true, output: '', passed: 0, failed: 0 };
    } catch (error) {
      return {
        ok: false,
        output: error instanceof Error ? error.message : String(error),
        passed: 0,
        failed: 1,
      };
    }
  },
};

let totals = { passed: 0, failed: 1 };
try {
  const features = vitestStep('feature tests against real parts', 'feature');
  totals = await runSteps([parts, ...checkSteps, features], { stopAtFirst: false });
} catch (error) {
  console.error(error);
}
process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(`${totals.passed} passed, ${totals.failed} failed`);
