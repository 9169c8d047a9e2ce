import type { Clock } from '../clock.ts';
import type { Instance } from '../model/instance.ts';
import type { SecretBytes } from '../secret-bytes.ts';

/**
 * What a source says of one scope (one file, one account and region, one Consul service in one
 * datacenter): its complete state, that nothing changed, or that it could not be read. Never a part
 * of it (SRC1).
 */
export type ScopeReport = CompleteReport | UnchangedReport | FailureReport;

interface Report {
  /** Unique within the source, stable over restarts: the file's path, `123456789012/eu-west-1`, `dc1/web`. */
  readonly scope: string;
  /** The one service that the scope holds, in the source's own name of it, where it is one service's. */
  readonly service?: string | undefined;
  /**
   * First reports of other scopes are still to come: what is not named by then is not known to be
   * empty. Left out of the last one of the first round, good or bad, and ever after.
   */
  readonly more?: boolean | undefined;
  /** Epoch milliseconds of the next look, where the source knows it: shown to people. */
  readonly nextAttempt?: number | undefined;
}

export interface CompleteReport extends Report {
  readonly kind: 'complete';
  /**
   * Everything in the scope, in any order, each id once. Empty means that the source itself says that
   * nothing is there. An instance that is as it was is best the same object as before: then nothing
   * behind it is looked at again.
   */
  readonly instances: readonly Instance[];
  /**
   * Why a large drop is right: the source saw the reason itself (deregistered by event, an edit of a
   * file that parsed), so the shrink guard does not hold it.
   */
  readonly reason?: 'stated' | undefined;
  /** Ids that the source saw end (terminated): their loss is never held, that of others is. */
  readonly terminated?: readonly string[] | undefined;
  /** The scope itself is no more: it is forgotten as soon as nothing of it is held. */
  readonly closed?: boolean | undefined;
}

/** A look that found what the last complete report of this watch said. Counts as an equal read. */
export interface UnchangedReport extends Report {
  readonly kind: 'unchanged';
}

export interface FailureReport extends Report {
  readonly kind: 'failure';
  /** What went wrong and what to do, in the user's words. The last good state stays. */
  readonly error: Error;
  /** `gone`: the scope itself is no longer there (a file was deleted); its last good is guarded, not dropped. */
  readonly gone?: boolean | undefined;
}

/**
 * Where endpoints come from. One method: reports until `signal` aborts, then returns within 1 s
 * with every timer, watcher and socket closed. The first report comes as soon as the source can
 * answer. Never throws for a fault of the world outside (that is a failure report). A report is
 * taken in full before the next one is asked for.
 */
export interface Source {
  watch(signal: AbortSignal): AsyncIterable<ScopeReport>;
}

/** A line of `discovery/index.ts`: the adapter's name in the config, its options' schema, its factory. */
export interface SourceAdapter<Options> {
  readonly kind: string;
  /** Parses the options and throws a ZodError; also gives the JSON Schema. */
  readonly schema: import('zod').ZodType<Options>;
  /** The label that holds the source's own name of a service (`consul.service`), which `from[].service` selects by; absent: it has none. */
  readonly serviceLabel?: string | undefined;
  /**
   * The user wrote the addresses down, so loopback and link-local ones are meant. Elsewhere they are
   * refused unless `sources.*.allowAddresses` names them.
   */
  readonly trustsAddresses?: boolean | undefined;
  create(options: Options, context: SourceContext): Source;
}

/** The services that the config names by the source's own name of them. */
export interface Wanted {
  /** `undefined`: any service may be wanted (one `from` names no service). */
  current(): ReadonlySet<string> | undefined;
  /** Calls `listener` after each change until `signal` aborts. */
  onChange(listener: () => void, signal: AbortSignal): void;
}

export interface SourceContext {
  /** The name in `sources`, for people. Sources with equal options share one watch: then it is one of theirs. */
  readonly name: string;
  /** Relative paths in the options start here (the folder of the config). */
  readonly baseDir: string;
  /** Scopes that have a last good from before a restart: the source says `closed` or `gone` for those it no longer finds. */
  readonly knownScopes?: readonly string[] | undefined;
  /** What the config asks of this source; changes with an edit while the watch runs on. Absent: anything. */
  readonly wanted?: Wanted | undefined;
  /** Whether the guard holds a shrink of this scope: then it is worth looking again soon. */
  readonly isHeld?: ((scope: string) => boolean) | undefined;
  /** The newest good value of a secret (kind `value`); undefined: not read yet, or no such secret. Ask again for each use. */
  readonly secret?: ((name: string) => SecretBytes | undefined) | undefined;
  /** One thing for all sources of this process: a budget of calls, a worker. `create` runs for a key's first use. */
  readonly shared?: (<Thing>(key: string, create: () => Thing) => Thing) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}
