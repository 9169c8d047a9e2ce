import type { Instance } from '../model/instance.ts';

/** One scope as status shows it. Times are epoch milliseconds. */
export interface ScopeStatus {
  readonly scope: string;
  /** `restored`: from before the last start and not yet read again. */
  readonly state: 'ok' | 'failing' | 'restored' | 'held';
  /** Instances served from it, the held ones included. */
  readonly instances: number;
  /** Of those, served although the source no longer names them. */
  readonly held: number;
  /** Seen and not served: dropped by a relabelling rule or refused for their address. */
  readonly dropped: number;
  /** The last good report; undefined: none yet. */
  readonly at: number | undefined;
  /** Nothing was read since the restart: it is from before. */
  readonly restored: boolean;
  /** Why the last look failed. */
  readonly error: string | undefined;
  /** Failed looks in a row; 3 are an alarm (SRC3). */
  readonly failures: number;
  readonly nextAttempt: number | undefined;
  /** Since when a shrink is held, and when that ends by itself at the latest. */
  readonly heldSince: number | undefined;
  readonly heldUntil: number | undefined;
  /** Older than the source's `maxAge`: served DEGRADED. */
  readonly stale: boolean;
}

/** One instance as its source saw it, and what became of it. */
export interface SeenInstance {
  readonly source: string;
  readonly scope: string;
  /** As reported. */
  readonly seen: Instance;
  /** After relabelling; undefined: not served. */
  readonly used: Instance | undefined;
  /** Why it is not served, in words. */
  readonly dropped: string | undefined;
  /** The source no longer names it; the shrink guard serves it on. */
  readonly held: boolean;
}

/** Endpoints of a service that its sources no longer give and that are served on, DEGRADED. */
export interface HeldService {
  readonly service: string;
  readonly held: number;
  readonly since: number;
  readonly until: number;
  /** `source` and `scope` of the report that dropped them. */
  readonly source: string;
  readonly scope: string;
}

/** Since the scope was first seen by this process. */
export interface ScopeCounters {
  readonly reports: number;
  /** Reports that changed what is served. */
  readonly changes: number;
  readonly errors: number;
}
