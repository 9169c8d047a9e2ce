import { onTestFinished } from 'vitest';
import type { Ec2Calls } from '../../../src/discovery/ec2/calls.ts';
import type { Facts } from '../../../src/discovery/ec2/facts.ts';
import type { CompleteReport, ScopeReport, SourceContext } from '../../../src/discovery/source.ts';
import { manualClock } from '../manual-clock.ts';
import { isComplete, type Watching, watchSource } from '../suite.ts';
import { type Answers, fakeCalls } from './fake-calls.ts';
import { type InProcess, inProcessHost, sourceOn } from './in-process.ts';

export function completes(reports: readonly ScopeReport[]): readonly CompleteReport[] {
  return reports.filter(isComplete);
}

export interface Running {
  readonly clock: ReturnType<typeof manualClock>;
  readonly calls: ReturnType<typeof fakeCalls>;
  readonly host: InProcess;
  watch(options?: object, context?: Partial<SourceContext>): Watching;
}

export function start(answers: Answers, others?: Partial<Ec2Calls>): Running {
  const clock = manualClock(1_000_000);
  const calls = fakeCalls(answers, others);
  const host = inProcessHost(calls, clock);
  const watch: Running['watch'] = (options = {}, context = {}) => {
    const watching = watchSource(sourceOn(host, options, { clock, ...context }));
    onTestFinished(() => watching.stop());
    return watching;
  };
  return { clock, calls, host, watch };
}

/** EC2 that holds what the test puts there. */
export function startWith(first: readonly Facts[]): Running & { put(instances: readonly Facts[]): void } {
  let items = first;
  const running = start(() => ({ items, nextToken: undefined }));
  return {
    ...running,
    put: (instances) => {
      items = instances;
    },
  };
}
