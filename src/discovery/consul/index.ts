import { systemClock } from '../../clock.ts';
import { ReportQueue } from '../report-queue.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { createClient } from './client.ts';
import { createHttp1 } from './http1.ts';
import { createHttp2 } from './http2.ts';
import { SERVICE_LABEL } from './instance.ts';
import { ListWatch } from './list-watch.ts';
import { type ConsulOptions, consulOptions } from './schema.ts';
import { Scopes } from './scopes.ts';
import type { Seat } from './seats.ts';
import { type Follower, ServiceLoops } from './service-loops.ts';
import type { WatchParts } from './service-watch.ts';
import { StateFollower } from './state-follower.ts';
import { tlsFiles } from './tls.ts';
import type { Transport } from './transport.ts';

/** Endpoints from Consul's catalog and health checks; each service one scope. */
export const consulSource: SourceAdapter<ConsulOptions> = {
  kind: 'consul',
  schema: consulOptions,
  serviceLabel: SERVICE_LABEL,
  create: (options, context) => createConsulSource(options, context),
};

function createConsulSource(options: ConsulOptions, context: SourceContext): Source {
  return { watch: (signal) => watchConsul(options, context, signal) };
}

async function* watchConsul(
  options: ConsulOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  const transport = transportFor(options, context);
  const seat = transport.join();
  const end = new AbortController();
  const stop = AbortSignal.any([signal, end.signal]);
  const queue = new ReportQueue();
  const parts: WatchParts = {
    options,
    client: createClient(options, context, transport),
    scopes: new Scopes(options, queue),
    isHeld: context.isHeld ?? (() => false),
    clock: context.clock ?? systemClock,
    random: context.random ?? Math.random,
  };
  const list = new ListWatch({
    parts,
    wanted: () => context.wanted?.current(),
    known: context.knownScopes ?? [],
    follower: followers(parts, seat, stop),
  });
  context.wanted?.onChange(() => void list.wantedChanged(), stop);
  const running = list.run(stop);
  try {
    yield* queue.reports(stop);
  } finally {
    end.abort();
    await running;
    seat.leave();
  }
}

/** By a query for each service while there is room for them, else by the state of all checks. */
function followers(parts: WatchParts, seat: Seat, stop: AbortSignal): (count: number) => Follower {
  let running: { readonly kind: 'loops' | 'state'; readonly follower: Follower } | undefined;
  return (count) => {
    const kind = seat.claim(count) ? 'loops' : 'state';
    if (running?.kind === kind) return running.follower;
    const follower = kind === 'state' ? new StateFollower(parts, stop) : new ServiceLoops(parts, stop);
    running = { kind, follower };
    return follower;
  };
}

/** One for each Consul in the whole process, whatever the number of sources (SRC7). */
function transportFor(options: ConsulOptions, context: SourceContext): Transport {
  const origin = new URL(options.address);
  const create = (): Transport =>
    origin.protocol === 'http:' ? createHttp1(origin) : createHttp2(origin, () => tlsFiles(options, context));
  const key = `consul ${origin.origin} ${JSON.stringify(options.tls ?? {})}`;
  return context.shared === undefined ? create() : context.shared(key, create);
}
