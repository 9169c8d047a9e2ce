import { expect, test } from 'vitest';
import { ReportQueue } from '../../src/discovery/report-queue.ts';
import type { ScopeReport } from '../../src/discovery/source.ts';

const unchanged = (scope: string): ScopeReport => ({ kind: 'unchanged', scope });

test('a report counts as taken once the next one is asked for, in the order of putting', async () => {
  const queue = new ReportQueue();
  const stop = new AbortController();
  const taken: string[] = [];
  void queue.put(unchanged('a')).then(() => taken.push('a'));
  void queue.put(unchanged('b')).then(() => taken.push('b'));
  const reports = queue.reports(stop.signal);
  expect((await reports.next()).value).toEqual(unchanged('a'));
  expect(taken).toEqual([]);
  expect((await reports.next()).value).toEqual(unchanged('b'));
  expect(taken).toEqual(['a']);
  stop.abort();
  expect((await reports.next()).done).toBe(true);
  await Promise.resolve();
  expect(taken).toEqual(['a', 'b']);
});

test('aborting ends a consumer that waits, and lets loops go that wait to be taken', async () => {
  const queue = new ReportQueue();
  const stop = new AbortController();
  const reports = queue.reports(stop.signal);
  const next = reports.next();
  stop.abort();
  expect((await next).done).toBe(true);
  await queue.put(unchanged('late'));
});
