import { type AwsKeys, readAwsKeys } from '../../aws/keys.ts';
import { retryDelayMs } from '../../clock.ts';
import { MusterError } from '../../errors.ts';
import { Poller } from '../poll.ts';
import { ReportQueue } from '../report-queue.ts';
import type { ScopeReport, SourceContext } from '../source.ts';
import type { Host, Lease, Refreshed } from './host.ts';
import { Mirror } from './mirror.ts';
import type { View } from './protocol.ts';
import type { Ec2SourceOptions } from './schema.ts';
import { type Target, targetsOf, viewOf } from './targets.ts';

/** A hundred pages at two calls a second, and time for EC2 to answer. */
const DEADLINE_MS = 300_000;
/** With the calls of one attempt it is no more than a minute from the end of a fault to fresh data. */
const LAST_RETRY_MS = 40_000;

interface Parts {
  readonly options: Ec2SourceOptions;
  readonly context: SourceContext;
  readonly host: Host;
}

/** One loop for each target; ends when `signal` aborts, with the worker's part of it closed. */
export async function* watchTargets(
  parts: Parts,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  if (signal.aborted) return;
  const targets = targetsOf(parts.options);
  const queue = new ReportQueue();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const unanswered = new Set(targets.map(({ scope }) => scope));
  let fault: unknown;
  const loops = targets.map(async (target) => {
    const lease = parts.host.lease();
    try {
      await watchTarget({ parts, target, lease, queue, unanswered }, stop);
    } catch (error) {
      // A fault of ours: the watch ends with it, and whoever runs the watch starts it again.
      fault ??= error;
      ended.abort();
    } finally {
      await lease.close();
    }
  });
  try {
    yield* closedScopes(parts.context.knownScopes ?? [], targets);
    yield* queue.reports(stop);
  } finally {
    ended.abort();
    await Promise.all(loops);
  }
  if (fault !== undefined) throw fault;
}

/** Scopes of an earlier config: nobody asks for them any more. */
function closedScopes(known: readonly string[], targets: readonly Target[]): readonly ScopeReport[] {
  const scopes = new Set(targets.map(({ scope }) => scope));
  return known
    .filter((scope) => !scopes.has(scope))
    .map((scope) => ({ kind: 'complete', scope, instances: [], reason: 'stated', closed: true, more: true }));
}

interface Loop {
  readonly parts: Parts;
  readonly target: Target;
  readonly lease: Lease;
  readonly queue: ReportQueue;
  /** Scopes whose first answer is still to come. */
  readonly unanswered: Set<string>;
}

type Outcome = { readonly refreshed: Refreshed } | { readonly error: Error; readonly againMs: number };

async function watchTarget(
  { parts, target, lease, queue, unanswered }: Loop,
  signal: AbortSignal,
): Promise<void> {
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
    unanswered.delete(scope);
    const about = {
      nextAttempt: result.nextAttempt,
      ...(unanswered.size > 0 ? { more: true } : {}),
    };
    const outcome = result.kind === 'value' ? result.value : result;
    await queue.put(
      'error' in outcome
        ? { kind: 'failure', scope, error: failed(outcome.error), ...about }
        : { ...reportOf(scope, mirror, outcome.refreshed), ...about },
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
    try {
      const keys = keysFor(target, context);
      const request = { watch: lease.watch, version, listing: target.listing, keys, view, maxAgeMs };
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

/** Asked for at each attempt: they are rotated. */
function keysFor({ listing }: Target, { secret }: SourceContext): AwsKeys | undefined {
  const name = listing.credentials.keys?.secret;
  return name === undefined ? undefined : readAwsKeys(name, secret?.(name));
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
