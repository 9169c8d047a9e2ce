import type { Instance } from '../../model/instance.ts';
import type { Origin } from '../../model/origin.ts';

/** The last complete report of one scope. */
export interface ScopeRecord {
  /** The name in `sources`. */
  readonly source: string;
  readonly scope: string;
  readonly instances: readonly Instance[];
  /** Epoch milliseconds of the report. */
  readonly at: number;
}

export interface StoredResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly origins: readonly Origin[];
  /** Clusters it names. */
  readonly clusters: readonly string[];
}

/** What a group was last given. Never holds a secret: only the names of those that were known. */
export interface SnapshotRecord {
  readonly group: string;
  readonly revision: number;
  readonly configHash: string;
  readonly resources: readonly StoredResource[];
  readonly knownSecrets: readonly string[];
}

/** The config files as they were written, when they last passed. */
export interface ConfigRecord {
  readonly revision: number;
  readonly hash: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export interface StoredState {
  readonly config: ConfigRecord | undefined;
  readonly scopes: readonly ScopeRecord[];
  readonly snapshots: readonly SnapshotRecord[];
  /** What could not be read and was passed over, in words. */
  readonly problems: readonly string[];
}

export interface StateHealth {
  readonly ok: boolean;
  readonly error?: string | undefined;
}

/**
 * Last good state and revisions. Reading happens once, at start. The `save*` calls return at once
 * and never throw: the newest value of each key is written within a second, and a failure shows in
 * `health` and is tried again, so no disk or store can delay a push (promise 1).
 */
export interface FleetState {
  load(): Promise<StoredState>;
  saveConfig(record: ConfigRecord): void;
  saveScope(record: ScopeRecord): void;
  /** `read` is called when the write is made, so a push costs no copy of the snapshot. */
  saveSnapshot(group: string, read: () => SnapshotRecord): void;
  forgetScope(source: string, scope: string): void;
  forgetSnapshot(group: string): void;
  /** Grows with every call, over restarts too. */
  nextRevision(): number;
  health(): StateHealth;
  /** Resolves when everything saved so far was written, or was tried and failed. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
