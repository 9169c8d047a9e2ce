import type { Instance } from '../model/instance.ts';

/**
 * What a source says of one scope (one file, one account and region, one Consul service in one
 * datacenter): its complete state, or that it could not be read. Never a part of it.
 */
export type ScopeReport = CompleteReport | FailureReport;

export interface CompleteReport {
  readonly kind: 'complete';
  /** Unique within the source, stable over restarts: the file's path, `eu-west-1/123456789012`. */
  readonly scope: string;
  /** Everything in the scope, in any order. Empty means that the source itself says that nothing is there. */
  readonly instances: readonly Instance[];
  /**
   * Why a large drop is right: the source saw the reason itself (deregistered, terminated, an edit
   * of a file that parsed), so the shrink guard does not hold it.
   */
  readonly reason?: 'stated' | undefined;
}

export interface FailureReport {
  readonly kind: 'failure';
  readonly scope: string;
  /** What went wrong and what to do, in the user's words. The last good state stays. */
  readonly error: Error;
  /** `gone`: the scope itself is no longer there (a file was deleted); its last good is guarded, not dropped. */
  readonly gone?: boolean | undefined;
}

/**
 * Where endpoints come from. One method: reports until `signal` aborts, then returns within 1 s
 * with every timer, watcher and socket closed. The first report comes as soon as the source can
 * answer. Never throws for a fault of the world outside (that is a failure report).
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
  create(options: Options, context: SourceContext): Source;
}

export interface SourceContext {
  /** The name in `sources`. */
  readonly name: string;
  /** Relative paths in the options start here (the folder of the config). */
  readonly baseDir: string;
  /** Scopes that have a last good from before a restart: the source says `gone` for those it no longer finds. */
  readonly knownScopes?: readonly string[] | undefined;
}
