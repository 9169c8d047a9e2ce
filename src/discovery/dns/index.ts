import { errorText, MusterError } from '../../errors.ts';
import { Poller, type PollResult } from '../poll.ts';
import { ReportQueue } from '../report-queue.ts';
import { createNameResolver, type NameResolver } from '../resolve.ts';
import { LastInstances } from '../reuse.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { DNS_SERVICE_LABEL, type Looked, look } from './records.ts';
import { type DnsName, type DnsSourceOptions, dnsSourceOptions, parseName } from './schema.ts';

/** Records may live for a second or not at all: no name is asked for more often than this. */
const LEAST_MS = 5000;
/** While the guard holds a shrink: three equal reads over a minute let it through. */
const HELD_MS = 20_000;

/** Endpoints from DNS; each name is a scope, asked on its own clock. */
export const dnsSource: SourceAdapter<DnsSourceOptions> = {
  kind: 'dns',
  schema: dnsSourceOptions,
  serviceLabel: DNS_SERVICE_LABEL,
  create: (options, context) => createDnsSource(options, context),
};

function createDnsSource(options: DnsSourceOptions, context: SourceContext): Source {
  return { watch: (signal) => watchNames(options, context, signal) };
}

async function* watchNames(
  options: DnsSourceOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  if (signal.aborted) return;
  const names = options.names.map(parseName);
  const resolver = createNameResolver({
    nameservers: options.nameservers,
    timeoutMs: options.timeout,
  });
  const queue = new ReportQueue();
  const round = new FirstRound(names);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const loops = names.map(async (name) => {
    for await (const report of watchName(name, { options, context, resolver }, either))
      await queue.put(round.mark(report));
  });
  const ended = Promise.all(loops);
  // A loop that breaks is our fault: the watch ends with it, and `ended` throws below.
  ended.catch(() => stop.abort());
  let former = closingReports(names, context);
  try {
    for await (const report of queue.reports(either)) {
      yield report;
      if (!round.allComplete) continue;
      yield* former;
      former = [];
    }
  } finally {
    stop.abort();
    await ended;
  }
}

/** Which names have answered, and which of them well. */
class FirstRound {
  readonly #unanswered: Set<string>;
  readonly #incomplete: Set<string>;

  constructor(names: readonly DnsName[]) {
    this.#unanswered = new Set(names.map(({ written }) => written));
    this.#incomplete = new Set(this.#unanswered);
  }

  get allComplete(): boolean {
    return this.#incomplete.size === 0;
  }

  /** The last report of the first round is the first that does not say `more`. */
  mark(report: ScopeReport): ScopeReport {
    this.#unanswered.delete(report.scope);
    if (report.kind === 'complete') this.#incomplete.delete(report.scope);
    return this.#unanswered.size > 0 ? { ...report, more: true } : report;
  }
}

/**
 * For names that the config no longer has: its edit is the reason that they end. Said once every
 * name that it has now was resolved, so that one which replaces another is there before that goes.
 */
function closingReports(names: readonly DnsName[], context: SourceContext): readonly ScopeReport[] {
  const now = new Set(names.map(({ written }) => written));
  return (context.knownScopes ?? [])
    .filter((scope) => !now.has(scope))
    .map((scope) => ({ kind: 'complete', scope, instances: [], reason: 'stated', closed: true }));
}

interface Asking {
  readonly options: DnsSourceOptions;
  readonly context: SourceContext;
  readonly resolver: NameResolver;
}

async function* watchName(
  name: DnsName,
  { options, context, resolver }: Asking,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  const last = new LastInstances();
  const isHeld = (): boolean => context.isHeld?.(name.written) === true;
  const poller = new Poller({
    refresh: (stop) => look(name, options, resolver, stop),
    intervalMs: options.refresh,
    // Two tries, for SRV of two questions one after the other.
    deadlineMs: options.timeout * 4 + 1000,
    again: ({ ttlMs }) => waitMs(ttlMs, isHeld(), options.refresh),
    clock: context.clock,
    random: context.random,
  });
  for await (const result of poller.results(signal)) yield reportOf(name, result, last);
}

/** As long as the records live, between 5 s and `refresh`; undefined: `refresh`, with its jitter. */
function waitMs(ttlMs: number | undefined, held: boolean, refresh: number): number | undefined {
  const wanted = Math.min(ttlMs ?? refresh, held ? HELD_MS : refresh);
  return wanted < refresh ? Math.max(LEAST_MS, wanted) : undefined;
}

function reportOf(name: DnsName, result: PollResult<Looked>, last: LastInstances): ScopeReport {
  const { nextAttempt } = result;
  const about = { scope: name.written, service: name.host, nextAttempt };
  if (result.kind === 'failure') {
    const { error } = result;
    const told =
      error instanceof MusterError
        ? error
        : new MusterError('source_failed', `${name.written}: ${errorText(error)}`, { cause: error });
    return { kind: 'failure', ...about, error: told };
  }
  const { instances, same } = last.next(result.value.instances);
  return same ? { kind: 'unchanged', ...about } : { kind: 'complete', ...about, instances };
}
