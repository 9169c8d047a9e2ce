import { expect, test } from 'vitest';
import { countTests, runSteps } from '../../scripts/steps.mjs';

interface Counts {
  readonly passed?: number;
  readonly failed?: number;
  readonly pending?: number;
  readonly todo?: number;
  readonly suites?: readonly object[];
}

function report({ passed = 0, failed = 0, pending = 0, todo = 0, suites = [] }: Counts): string {
  const counts = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: todo,
  };
  return JSON.stringify({ testResults: suites, ...counts });
}

test('good tests pass', () => {
  expect(countTests(0, '', report({ passed: 7 }))).toMatchObject({ ok: true, passed: 7, failed: 0 });
});

test.each([
  ['failed tests', 1, report({ passed: 7, failed: 2 }), 2],
  [
    'a file that does not load',
    1,
    report({ passed: 7, suites: [{ status: 'failed', assertionResults: [] }] }),
    1,
  ],
  ['an unhandled error beside good tests', 1, report({ passed: 7 }), 1],
  ['a skipped test', 0, report({ passed: 7, pending: 1 }), 1],
  ['a test to be written', 0, report({ passed: 7, todo: 1 }), 1],
  ['no tests at all', 0, report({}), 1],
])('%s: counted as failure', (_, code, text, failed) => {
  expect(countTests(code, '', text)).toMatchObject({ ok: false, failed });
});

test('a crash of vitest is a failure', () => {
  const outcome = countTests(null, 'Segmentation fault', '');
  expect(outcome.ok).toBe(false);
  expect(outcome.failed).toBeGreaterThan(0);
});

test('totals are over all steps; a check stops at the first failing one', async () => {
  const seen: string[] = [];
  const step = (name: string, passed: number, failed: number) => ({
    name,
    run: async () => {
      seen.push(name);
      return { ok: failed === 0, output: `${name} output`, passed, failed };
    },
  });
  const steps = [step('a', 2, 0), step('b', 1, 3), step('c', 5, 0)];
  const lines: string[] = [];
  const print = (text: string) => lines.push(text);
  expect(await runSteps(steps, { stopAtFirst: false, print })).toEqual({ passed: 8, failed: 3 });
  expect(await runSteps(steps, { stopAtFirst: true, print })).toEqual({ passed: 3, failed: 3 });
  expect(lines.filter((line) => line === 'b output')).toHaveLength(2);
  expect(lines).not.toContain('a output');
  expect(seen).toEqual(['a', 'b', 'c', 'a', 'b']);
});
