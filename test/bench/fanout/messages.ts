/** What the bench's processes tell each other. */
export interface Connect {
  readonly do: 'connect';
  readonly port: number;
  readonly nodes: number;
  readonly variant: 'sotw' | 'delta';
  readonly services: number;
  /** Bytes of extensions in each Node message: 0, or the 61 kB of a real Envoy. */
  readonly nodeBytes: number;
}

export type LoadCommand =
  | Connect
  | { readonly do: 'round' }
  | { readonly do: 'record' }
  | { readonly do: 'close' };

export type LoadReport =
  | { readonly done: 'connect'; readonly ms: number }
  | { readonly done: 'armed' }
  /** Monotonic milliseconds of arrival, one per node, in order. */
  | { readonly done: 'round'; readonly arrivals: readonly number[] }
  /** Bytes (base64) of the first response of each type, and of the last push. */
  | { readonly done: 'record'; readonly first: Readonly<Record<string, string>>; readonly push: string }
  | { readonly done: 'close' };

export type ServerCommand =
  | { readonly do: 'start'; readonly services: number; readonly canned?: Canned }
  | { readonly do: 'push' }
  | { readonly do: 'usage'; readonly collect: boolean }
  | { readonly do: 'loop'; readonly watch: boolean };

export interface Canned {
  readonly variant: 'sotw' | 'delta';
  readonly first: Readonly<Record<string, string>>;
  readonly push: string;
}

export type ServerReport =
  | { readonly done: 'start'; readonly port: number }
  | { readonly done: 'push'; readonly at: number }
  | { readonly done: 'usage'; readonly cpuUs: number; readonly rss: number }
  /** The longest that the event loop was held while it was watched. */
  | { readonly done: 'loop'; readonly worstMs: number };

/** Milliseconds of the machine's monotonic clock: the same in all processes. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
