import type { EndpointMetadata } from './instance.ts';
import type { Origin } from './origin.ts';

/** Gateway API's HTTPRoute in our spelling. */
export interface HttpRoute {
  readonly name: string;
  readonly origin: Origin;
  readonly listeners: readonly string[];
  /** Exact or `*.example.com`; empty: every host. */
  readonly hostnames: readonly string[];
  /** Apply to every rule that does not name the same filter itself. */
  readonly filters: readonly FilterUse[];
  readonly rules: readonly HttpRule[];
}

export interface HttpRule {
  readonly origin: Origin;
  /** Any of them; never empty (the default is the prefix `/`). */
  readonly matches: readonly HttpMatch[];
  readonly filters: readonly FilterUse[];
  readonly backends: readonly Backend[];
  /** `request`: whole request incl. retries; `backend`: one try. 0 turns it off; absent: Envoy's default. */
  readonly timeouts: {
    readonly requestMs?: number | undefined;
    readonly backendRequestMs?: number | undefined;
  };
  readonly retry?: Retry | undefined;
}

export interface PathMatch {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
}

export interface NamedMatch {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

export interface HttpMatch {
  readonly path: PathMatch;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  readonly method?: string | undefined;
}

export interface Backend {
  readonly service: string;
  /** 0 or more; the share is weight / sum of weights. */
  readonly weight: number;
  /** Only endpoints with this metadata, sorted by key. */
  readonly subset?: EndpointMetadata | undefined;
}

export interface Retry {
  /** Retries after the first try, 1 or more. */
  readonly attempts: number;
  /** Envoy's retry_on words: `5xx`, `connect-failure`, `reset` ... */
  readonly on: readonly string[];
  readonly codes: readonly number[];
  readonly backoff?: { readonly baseMs: number; readonly maxMs?: number | undefined } | undefined;
}

/** One entry of `filters`: a name of the registry in `translate/filters`, and what passed its schema. */
export interface FilterUse {
  readonly name: string;
  readonly config: unknown;
}
