export type EndpointCommand = { readonly do: 'start' } | { readonly do: 'change' };

export type EndpointReport =
  | { readonly done: 'start'; readonly port: number; readonly bytes: number }
  | { readonly done: 'change' }
  /** The first page of a refresh was asked for. */
  | { readonly done: 'begin' };

export type ReplicaCommand =
  | { readonly do: 'start'; readonly config: string; readonly state: string }
  | { readonly do: 'usage' }
  | { readonly do: 'loop'; readonly watch: boolean };

export type ReplicaReport =
  | { readonly done: 'start'; readonly port: number; readonly api: string }
  | Usage
  | Loop;

export interface Usage {
  readonly done: 'usage';
  /** CPU of the main thread, and of the whole process; microseconds. */
  readonly mainUs: number;
  readonly allUs: number;
  /** The most since the last one, in bytes. */
  readonly rss: number;
}

/** How late the event loop of the main thread was while it was watched. */
export interface Loop {
  readonly done: 'loop';
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
