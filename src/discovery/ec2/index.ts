import { retryDelayMs } from '../../clock.ts';
import { MusterError } from '../../errors.ts';
import { Poller } from '../poll.ts';
import { ReportQueue } from '../report-queue.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { type Lease, type Refreshed, WorkerHost } from './host.ts';
import { Mirror } from './mirror.ts';
import type { View } from './protocol.ts';
import { type Ec2SourceOptions, ec2SourceOptions } from './schema.ts';
import { type Target, targetsOf, viewOf } from './targets.ts';

/** A hundred pages at two calls a second, and time for EC2 to answer. */
const DEADLINE_MS = 300_000;
/** With the calls of one attempt it is no more than a minute from the end of a fault to fresh data. */
const LAST_RETRY_MS = 40_000;

/** Instances of EC2, each account and region one scope (SRC9, SRC10, SRC11). */
export const ec2Source: SourceAdapter<Ec2SourceOptions> = {
  kind: 'ec2',
  schema: ec2SourceOptions,
  create: createEc2Source,
};

function createEc2Source(options: Ec2SourceOptions, context: SourceContext): Source {
  const createHost = (): WorkerHost => new WorkerHost();
  const host = context.shared?.('ec2.worker', createHost) ?? createHost();
  return { watch: (signal) => watchTargets({ options, context, host }, signal) };
}

interface Parts {
  readonly options: Ec2SourceOptions;
  readonly context: SourceContext;
  readonly host: WorkerHost;
}

async function* watchTargets(parts: Parts, signal: AbortSignal): AsyncGenerator<ScopeReport, void, void> {
  if (signal.aborted) return;
  const { options, context, host } = parts;
  const targets = targetsOf(options);
  const scopes = new Set(targets.map(({ scope }) => scope));
  const queue = new ReportQueue();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const closed = (context.knownScopes ?? []).filter((scope) => !scopes.has(scope));
  const leases = targets.map(() => host.lease());
  const loops = targets.map(async (target, at) => {
    const lease = leases[at];
    if (lease !== undefined) await watchTarget({ parts, target, lease, queue }, stop);
  });
  try {
    for (const scope of closed) {
      yield { kind: 'complete', scope, instances: [], reason: 'stated', closed: true };
    }
    yield* queue.reports(signal);
  } finally {
    ended.abort();
    await Promise.all(loops);
    await Promise.all(leases.map((lease) => lease.close()));
  }
}

interface Loop {
  readonly parts: Parts;
  readonly target: Target;
  readonly lease: Lease;
  readonly queue: ReportQueue;
}

type Outcome = { readonly refreshed: Refreshed } | { readonly error: Error; readonly againMs: number };

async function watchTarget({ parts, target, lease, queue }: Loop, signal: AbortSignal): Promise<void> {
  const { options, context } = parts;
  const { scope } = target;
  const mirror = new Mirror();
  const attempt = createAttempt({ parts, target, lease, mirror, view: viewOf(options) });
  const poller = new Poller<Outcome>({
    refresh: attempt,
    intervalMs: options.interval,
    deadlineMs: DEADLINE_MS,
    again: (outcome) => ('error' in outcome ? outcome.againMs : undefined),
    clock: context.clock,
    random: context.random,
  });
  for await (const result of poller.results(signal)) {
    const { nextAttempt } = result;
    const outcome = result.kind === 'value' ? result.value : result;
    await queue.put(
      'error' in outcome
        ? { kind: 'failure', scope, error: failed(outcome.error), nextAttempt }
        : { ...reportOf(scope, mirror, outcome.refreshed), nextAttempt },
    );
  }
}

interface AttemptParts extends Pick<Loop, 'parts' | 'target' | 'lease'> {
  readonly mirror: Mirror;
  readonly view: View;
}

/** One refresh. Its failures have their own back-off, which ends earlier than the poller's. */
function createAttempt({ parts, target, lease, mirror, view }: AttemptParts) {
  const { options, context } = parts;
  let failures = 0;
  return async (signal: AbortSignal): Promise<Outcome> => {
    const { version } = mirror;
    const maxAgeMs = options.interval / 2;
    const request = { watch: lease.watch, version, listing: target.listing, view, maxAgeMs };
    try {
      const refreshed = await lease.refresh(request, signal);
      failures = 0;
      return { refreshed };
    } catch (thrown) {
      signal.throwIfAborted();
      failures += 1;
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const againMs = Math.min(retryDelayMs(failures, context.random ?? Math.random), LAST_RETRY_MS);
      return { error, againMs };
    }
  };
}

function reportOf(scope: string, mirror: Mirror, refreshed: Refreshed): ScopeReport {
  if (!mirror.apply(refreshed)) return { kind: 'unchanged', scope };
  const { terminated } = refreshed;
  return {
    kind: 'complete',
    scope,
    instances: mirror.instances,
    ...(terminated.length > 0 ? { terminated } : {}),
  };
}

function failed(error: Error): MusterError {
  return new MusterError('source_failed', error.message, { cause: error });
}
