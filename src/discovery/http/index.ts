import { MusterError } from '../../errors.ts';
import type { Instance } from '../../model/instance.ts';
import { Poller } from '../poll.ts';
import { LastInstances } from '../reuse.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { HTTP_PREFIX, readAnswer } from './answer.ts';
import { authorizationHeader, trustedAuthorities } from './credentials.ts';
import { get } from './request.ts';
import { type HttpSourceOptions, httpSourceOptions } from './schema.ts';

/** While the guard holds a shrink: three equal reads over a minute let it through. */
const HELD_MS = 20_000;

/** Endpoints from Prometheus' HTTP SD; the URL without its query is the one scope. */
export const httpSource: SourceAdapter<HttpSourceOptions> = {
  kind: 'http',
  schema: httpSourceOptions,
  serviceLabel: `${HTTP_PREFIX}.service`,
  create: (options, context) => createHttpSource(options, context),
};

function createHttpSource(options: HttpSourceOptions, context: SourceContext): Source {
  return { watch: (signal) => watchUrl(options, context, signal) };
}

async function* watchUrl(
  options: HttpSourceOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  const { refresh, timeout } = options;
  const scope = scopeOf(options.url);
  const feed = new Feed(options, context);
  const poller = new Poller({
    refresh: (stop) => feed.read(stop),
    intervalMs: refresh,
    deadlineMs: timeout,
    again: () => (context.isHeld?.(scope) === true ? Math.min(HELD_MS, refresh) : undefined),
    clock: context.clock,
    random: context.random,
  });
  let former = (context.knownScopes ?? []).filter((known) => known !== scope);
  for await (const result of poller.results(signal)) {
    const { nextAttempt } = result;
    if (result.kind === 'failure') {
      yield { kind: 'failure', scope, nextAttempt, error: failed(scope, result.error) };
      continue;
    }
    const { instances, same } = result.value;
    yield same
      ? { kind: 'unchanged', scope, nextAttempt }
      : { kind: 'complete', scope, nextAttempt, instances };
    // The config names another URL now: what the former one said goes once this one has answered.
    for (const gone of former)
      yield { kind: 'complete', scope: gone, instances: [], reason: 'stated', closed: true };
    former = [];
  }
}

/** One URL, and what it said last. */
class Feed {
  readonly #options: HttpSourceOptions;
  readonly #context: SourceContext;
  readonly #last = new LastInstances();
  /** Of the last answer that was read whole. */
  #etag: string | undefined;
  #known: readonly Instance[] | undefined;

  constructor(options: HttpSourceOptions, context: SourceContext) {
    this.#options = options;
    this.#context = context;
  }

  async read(signal: AbortSignal): Promise<ReturnType<LastInstances['next']>> {
    const { url, headers, refresh } = this.#options;
    const response = await get(new URL(url), {
      headers: {
        ...headers,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'x-prometheus-refresh-interval-seconds': String(Math.round(refresh / 1000)),
        ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
        ...(await authorizationHeader(this.#options, this.#context)),
      },
      ca: await trustedAuthorities(this.#options, this.#context),
      signal,
    });
    if (response.statusCode === 304 && this.#etag !== undefined && this.#known !== undefined) {
      response.destroy();
      return { instances: this.#known, same: true };
    }
    const found = await readAnswer(response, this.#context.random ?? Math.random);
    // Too late: the watch counts this read as failed, so nothing may be remembered as told.
    signal.throwIfAborted();
    const next = this.#last.next(found);
    this.#known = next.instances;
    this.#etag = response.headers.etag;
    return next;
  }
}

/** Without the query, which may carry what not everybody should see. */
function scopeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function failed(scope: string, cause: Error): MusterError {
  return new MusterError('source_failed', `${scope}: ${cause.message}`, { cause });
}
