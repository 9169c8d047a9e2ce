// Steps of a check: each runs a program, shows its time, and its output only when it failed.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, root } from './setup.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Promise<Outcome>} run
 *
 * @typedef {object} Outcome
 * @property {boolean} ok
 * @property {string} output
 * @property {number} passed  tests, for the steps that run some
 * @property {number} failed
 */

/**
 * A step that passes when the program ends with 0.
 * @param {string} name @param {string} command @param {readonly string[]} args @returns {Step}
 */
export function programStep(name, command, args) {
  const run = async () => {
    const { code, output } = await runProgram(command, args);
    return { ok: code === 0, output, passed: 0, failed: code === 0 ? 0 : 1 };
  };
  return { name, run };
}

/** A step that runs one of vitest's projects. @param {string} name @param {string} project @returns {Step} */
export function vitestStep(name, project) {
  const run = async () => {
    const dir = await mkdtemp(join(tmpdir(), 'muster-vitest-'));
    const report = join(dir, 'report.json');
    try {
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const args = ['run', '--project', project, ...reporters];
      const { code, output } = await runProgram('vitest', args, { live: true });
      return countTests(code, output, await readFile(report, 'utf8').catch(() => ''));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  };
  return { name, run };
}

/**
 * What a vitest run amounts to. A crash, a file that does not load, an unhandled error, a skipped
 * test and a run without tests each count as a failure.
 * @param {number | null} code @param {string} output @param {string} report  vitest's JSON, empty after a crash
 * @returns {Outcome}
 */
export function countTests(code, output, report) {
  const result = parseReport(report);
  const broken = result.suites.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  );
  const failed = result.numFailedTests + broken.length;
  const reasons = [
    ...(result.numPendingTests + result.numTodoTests > 0 ? ['some tests were skipped: no test may be'] : []),
    ...(result.numPassedTests + failed === 0 ? ['no test ran'] : []),
    ...(code !== 0 && failed === 0 ? [`vitest ended with ${code}`] : []),
  ];
  const total = failed + reasons.length;
  return {
    ok: total === 0,
    output: [output, ...reasons].join('\n'),
    passed: result.numPassedTests,
    failed: total,
  };
}

/**
 * @typedef {{ status: string, assertionResults: readonly unknown[] }} Suite
 * @param {string} report
 */
function parseReport(report) {
  try {
    const { testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(report);
    /** @type {readonly Suite[]} */
    const suites = testResults;
    return { suites, numPassedTests, numFailedTests, numPendingTests, numTodoTests };
  } catch {
    // Vitest ended before it could write one; its exit code and the missing tests say so.
    return { suites: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}

/**
 * Runs steps in order and gives the totals. `stopAtFirst` leaves out what comes after a failure.
 * @param {readonly Step[]} steps @param {{ stopAtFirst: boolean, print?: (text: string) => void }} options
 */
export async function runSteps(steps, { stopAtFirst, print = console.log }) {
  let passed = 0;
  let failed = 0;
  for (const step of steps) {
    const started = Date.now();
    print(`▸ ${step.name}`);
    const outcome = await step.run();
    const time = `${((Date.now() - started) / 1000).toFixed(1)} s`;
    const tests = outcome.passed > 0 ? `, ${outcome.passed} tests passed` : '';
    passed += outcome.passed;
    failed += outcome.failed;
    if (!outcome.ok) print(outcome.output.trimEnd());
    print(`${outcome.ok ? '✓' : '✗'} ${step.name} (${time}${tests})`);
    if (!outcome.ok && stopAtFirst) break;
  }
  return { passed, failed };
}

/**
 * @param {string} command  found in node_modules/.bin first
 * @param {readonly string[]} args
 * @param {{ live?: boolean }} [options]  `live` also shows the output while it comes
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function runProgram(command, args, { live = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = /** @type {Buffer[]} */ ([]);
    const keep = (/** @type {Buffer} */ chunk) => {
      if (live) process.stdout.write(chunk);
      else chunks.push(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      resolve({ code: 1, output: `${command} cannot be started: ${error.message}` }),
    );
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
