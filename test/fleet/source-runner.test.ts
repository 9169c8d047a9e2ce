import { expect, test } from 'vitest';
import type { ScopeReport, Source } from '../../src/discovery/source.ts';
import { SourceRunner } from '../../src/fleet/source-runner.ts';
import { until } from '../parts/until.ts';
import { complete, source } from './fixtures.ts';

type Watch = (signal: AbortSignal) => AsyncGenerator<ScopeReport, void, void>;

/** Every watcher that was started, what it reported and whether it still runs. */
function runnerOf(watch: Watch) {
  const started: { readonly name: string; readonly options: unknown; stopped: boolean }[] = [];
  const reports: string[] = [];
  const crashes: string[] = [];
  const runner = new SourceRunner({
    create: ({ name, options }): Source => ({
      async *watch(signal) {
        const one = { name, options, stopped: false };
        started.push(one);
        try {
          yield* watch(signal);
        } finally {
          one.stopped = true;
        }
      },
    }),
    onReport: (name, report) => reports.push(`${name} ${report.scope}`),
    onCrash: (name, error) => crashes.push(`${name} ${String(error)}`),
  });
  return { runner, started, reports, crashes };
}

/** Reports once, then stands until it is stopped. */
const standing: Watch = async function* (signal) {
  yield complete('x', []);
  await aborted(signal);
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

test('SRC14: a reload leaves watchers of equal sources alone, wherever they are written', async () => {
  const { runner, started, reports } = runnerOf(standing);
  runner.update([source('dc', { url: 'x' }), source('vms')]);
  await until('both to report', () => reports.length === 2);
  runner.update([
    source('vms'),
    { ...source('dc', { url: 'x' }), origin: { object: 'sources/dc', line: 99 } },
  ]);
  await runner.close();
  expect(started.map(({ name }) => name)).toEqual(['dc', 'vms']);
});

test('a source that was edited is started anew, and one that left is stopped', async () => {
  const { runner, started, reports } = runnerOf(standing);
  runner.update([source('dc', { url: 'x' }), source('vms')]);
  await until('both to report', () => reports.length === 2);
  runner.update([source('dc', { url: 'y' })]);
  await until('the new one to report', () => reports.length === 3);
  await until('the old ones to stop', () => started.filter(({ stopped }) => stopped).length === 2);
  expect(started.map(({ name, options, stopped }) => [name, options, stopped])).toEqual([
    ['dc', { url: 'x' }, true],
    ['vms', {}, true],
    ['dc', { url: 'y' }, false],
  ]);
  await runner.close();
});

test('SRC5: a watcher that throws is told and started again after a second, and so is one that ends', async () => {
  let lives = 0;
  const { runner, started, crashes } = runnerOf(async function* (signal) {
    lives += 1;
    if (lives === 1) throw new Error('a fault of ours');
    yield complete('x', []);
    if (lives > 2) await aborted(signal);
  });
  runner.update([source('dc')]);
  await until('the third life', () => started.length === 3);
  expect(crashes).toEqual(['dc Error: a fault of ours']);
  await runner.close();
});

test('close stops every watcher and waits for its end; what it still says is not heard', async () => {
  const { runner, started, reports, crashes } = runnerOf(async function* (signal) {
    yield complete('first', []);
    await aborted(signal);
    yield complete('last words', []);
    throw new Error('on the way out');
  });
  runner.update([source('dc'), source('vms')]);
  await until('both to report', () => reports.length === 2);
  await runner.close();
  expect(started.every(({ stopped }) => stopped)).toBe(true);
  expect(reports).toEqual(['dc first', 'vms first']);
  expect(crashes).toEqual([]);
});

test('close waits for watchers that an earlier reload stopped, too', async () => {
  const end = Promise.withResolvers<void>();
  const { runner, started, reports } = runnerOf(async function* (signal) {
    yield complete('x', []);
    await aborted(signal);
    await end.promise;
  });
  runner.update([source('dc', { url: 'x' })]);
  await until('it to report', () => reports.length === 1);
  runner.update([]);
  const closed = runner.close().then(() => started.map(({ stopped }) => stopped));
  await new Promise((resolve) => setImmediate(resolve));
  end.resolve();
  expect(await closed).toEqual([true]);
});

test('SRC14: sources with equal options share one watch, and each is told what it says', async () => {
  const { runner, started, reports } = runnerOf(standing);
  runner.update([source('dc', { url: 'x' }), source('twin', { url: 'x' })]);
  await until('both to be told', () => reports.length === 2);
  expect(reports).toEqual(['dc x', 'twin x']);
  runner.update([source('twin', { url: 'x' })]);
  expect(started).toMatchObject([{ name: 'dc', stopped: false }]);
  await runner.close();
});

test('SRC14: a source that joins a running watch is told the last good report and the failure since', async () => {
  const { runner, started, reports } = runnerOf(async function* (signal) {
    yield complete('x', []);
    yield complete('y', []);
    yield { kind: 'failure', scope: 'y', error: new Error('away') };
    yield { kind: 'unchanged', scope: 'x' };
    yield { ...complete('z', []), closed: true };
    await aborted(signal);
  });
  runner.update([source('dc')]);
  await until('all to be told', () => reports.length === 5);
  runner.update([source('dc'), source('late')]);
  expect(reports.slice(5)).toEqual(['late x', 'late y', 'late y']);
  expect(started).toHaveLength(1);
  await runner.close();
});

test('a source whose options become those of another joins its watch, and its own one ends', async () => {
  const { runner, started, reports } = runnerOf(standing);
  runner.update([source('dc', { url: 'x' }), source('vms', { url: 'y' })]);
  await until('both to report', () => reports.length === 2);
  runner.update([source('dc', { url: 'x' }), source('vms', { url: 'x' })]);
  expect(reports.slice(2)).toEqual(['vms x']);
  await until('the other one to stop', () => started.some(({ stopped }) => stopped));
  expect(started.map(({ name, stopped }) => [name, stopped])).toEqual([
    ['dc', false],
    ['vms', true],
  ]);
  await runner.close();
});

test('a source that joins after the first round is not told that more of it is to come', async () => {
  const heard: ScopeReport[] = [];
  const runner = new SourceRunner({
    create: () => ({
      async *watch(signal) {
        yield { ...complete('x', []), more: true };
        yield { ...complete('y', []), closed: true };
        await aborted(signal);
      },
    }),
    onReport: (name, report) => void (name === 'late' ? heard.push(report) : told.push(report.scope)),
    onCrash: () => undefined,
  });
  const told: string[] = [];
  runner.update([source('dc')]);
  await until('the first round', () => told.length === 2);
  runner.update([source('dc'), source('late')]);
  expect(heard.map(({ scope, more }) => [scope, more])).toEqual([['x', undefined]]);
  await runner.close();
});
