import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CompleteReport, FailureReport, ScopeReport, Source } from '../../src/discovery/source.ts';
import { until } from '../parts/until.ts';

/** A source over something that the suite can break and mend, which holds at least one instance. */
export interface SourceUnderTest {
  readonly source: Source;
  /** Addresses of every instance while it is whole, sorted. */
  readonly addresses: readonly string[];
  /** From now on the source cannot be read. */
  break(): Promise<void>;
  /** As it was before `break`, with the same instances. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** What every source keeps to (the contract of `discovery/source.ts`). */
export function testSource(name: string, make: () => Promise<SourceUnderTest>): void {
  describe(`${name} is a source`, () => {
    let under: SourceUnderTest;
    let watching: Watching | undefined;
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown) => rejections.push(reason);

    beforeEach(async () => {
      process.on('unhandledRejection', onRejection);
      under = await make();
    });
    afterEach(async () => {
      await watching?.stop();
      expectContract(watching?.seen ?? []);
      watching = undefined;
      await under.close();
      process.off('unhandledRejection', onRejection);
      expect(rejections.splice(0)).toEqual([]);
    });

    test('SRC1: the first report is complete', async () => {
      watching = watchSource(under.source);
      const report = await watching.next((one) => one.kind === 'complete');
      expect(watching.seen[0]).toBe(report);
      expect(addressesOf(report)).toEqual(under.addresses);
    });

    test('SRC3: a failure is told and empties nothing', async () => {
      watching = watchSource(under.source);
      await watching.next((report) => report.kind === 'complete');
      await under.break();
      const report = await watching.next(isFailure);
      expect(report.error.message).not.toBe('');
      const emptied = watching.seen.filter((one) => one.kind === 'complete' && one.instances.length === 0);
      expect(emptied).toEqual([]);
    });

    test('SRC5: it recovers by itself', async () => {
      await under.break();
      watching = watchSource(under.source);
      await watching.next(isFailure);
      await under.mend();
      // A scope that only stood for the failure may be closed first.
      const isBack = (report: ScopeReport) => isComplete(report) && report.closed !== true;
      expect(addressesOf(await watching.next(isBack))).toEqual(under.addresses);
    });

    test('ends within 1 s of the cancel and leaves nothing open', async () => {
      const open = openResources();
      watching = watchSource(under.source);
      await watching.next((report) => report.kind === 'complete');
      await expectPromptEnd(watching);
      await expectClosed(open);
    });

    test('cancelled in its first read, it ends within 1 s and leaves nothing open', async () => {
      const open = openResources();
      watching = watchSource(under.source);
      await new Promise((resolve) => setImmediate(resolve));
      await expectPromptEnd(watching);
      await expectClosed(open);
    });

    test('cancelled while it cannot be read, it ends within 1 s and leaves nothing open', async () => {
      await under.break();
      const open = openResources();
      watching = watchSource(under.source);
      await watching.next(isFailure);
      await expectPromptEnd(watching);
      await expectClosed(open);
    });

    test('SRC14: watched a second time, it tells everything again', async () => {
      watching = watchSource(under.source);
      await watching.next(isComplete);
      await watching.stop();
      expectContract(watching.seen);
      watching = watchSource(under.source);
      expect(addressesOf(await watching.next(isComplete))).toEqual(under.addresses);
    });

    test('cancelled before it began, it reports nothing', async () => {
      const reports = [];
      for await (const report of under.source.watch(AbortSignal.abort())) reports.push(report);
      expect(reports).toEqual([]);
    });
  });
}

/** The wait has a timer of its own only between its looks. */
async function expectClosed(open: readonly string[]): Promise<void> {
  const isClosed = () => beyond(open).length === 0;
  await until('everything to be closed', isClosed, { timeoutMs: 1000 }).catch(() => undefined);
  expect(beyond(open)).toEqual([]);
}

async function expectPromptEnd(watching: Watching): Promise<void> {
  const started = performance.now();
  await watching.stop();
  expect(performance.now() - started).toBeLessThan(1000);
}

/** What holds for any sequence of reports, whatever happened to the source (SRC1). */
export function expectContract(seen: readonly ScopeReport[]): void {
  const complete = new Set<string>();
  let firstRound = true;
  for (const report of seen) {
    if (report.kind === 'unchanged')
      expect(complete, 'unchanged comes after complete').toContain(report.scope);
    if (report.kind === 'failure') expect(report.error.message, 'a failure says why').not.toBe('');
    if (report.kind === 'complete') {
      const ids = report.instances.map(({ id }) => id);
      expect(ids.length, `each id once in ${report.scope}`).toBe(new Set(ids).size);
      complete.add(report.scope);
    }
    if (!firstRound) expect(report.more ?? false, 'more to come belongs to the first round').toBe(false);
    if (report.more !== true) firstRound = false;
  }
}

export interface Watching {
  readonly seen: readonly ScopeReport[];
  /** The next report that `wanted` holds for, among those not yet given out. */
  next<T extends ScopeReport>(wanted: (report: ScopeReport) => report is T): Promise<T>;
  next(wanted: (report: ScopeReport) => boolean): Promise<ScopeReport>;
  /** Cancels and waits for the end. */
  stop(): Promise<void>;
}

export function watchSource(source: Source): Watching {
  const controller = new AbortController();
  const seen: ScopeReport[] = [];
  let given = 0;
  let news = Promise.withResolvers<void>();
  const done = (async () => {
    for await (const report of source.watch(controller.signal)) {
      seen.push(report);
      news.resolve();
      news = Promise.withResolvers<void>();
    }
  })();
  const next = async (wanted: (report: ScopeReport) => boolean): Promise<ScopeReport> => {
    for (;;) {
      const waiting = news.promise;
      while (given < seen.length) {
        const report = seen[given++];
        if (report !== undefined && wanted(report)) return report;
      }
      await Promise.race([waiting, done.then(() => Promise.reject(new Error('the source ended')))]);
    }
  };
  return {
    seen,
    next: next as Watching['next'], // The guard's type is the caller's; the loop only passes it on.
    stop: async () => {
      controller.abort();
      await done;
    },
  };
}

export function isComplete(report: ScopeReport): report is CompleteReport {
  return report.kind === 'complete';
}

export function isFailure(report: ScopeReport): report is FailureReport {
  return report.kind === 'failure';
}

export function addressesOf(report: ScopeReport): string[] {
  return report.kind === 'complete' ? report.instances.map((instance) => instance.address).sort() : [];
}

/** Timers, sockets, watchers and requests that hold or could hold the process. */
function openResources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'CloseReq' && kind !== 'FSReqPromise')
    .sort();
}

/** What is open now and was not then. */
function beyond(then: readonly string[]): readonly string[] {
  const left = [...then];
  return openResources().filter((kind) => {
    const at = left.indexOf(kind);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
