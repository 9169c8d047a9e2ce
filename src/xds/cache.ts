import { contentVersion } from './content-hash.ts';
import type { Resource } from './resource.ts';
import { ResourceSet } from './resource-set.ts';
import { Snapshot } from './snapshot.ts';

type Watcher = (snapshot: Snapshot) => void;

/** A resource as a caller gives it; without a version its content hash is taken. */
export interface RawResource {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly version?: string | undefined;
  readonly origin?: unknown;
  /** Clusters it names, for make before break. */
  readonly clusters?: readonly string[] | undefined;
}

/**
 * Snapshots by key. Keys are opaque: a group, a node, `edge@r42`. Whoever watches a key is told of
 * each new snapshot, synchronously and in order; clearing a key tells nobody, so that live streams
 * keep what they have.
 */
export class SnapshotCache {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #watchers = new Map<string, Set<Watcher>>();

  set(key: string, snapshot: Snapshot): void {
    this.#snapshots.set(key, snapshot);
    const watchers = this.#watchers.get(key) ?? new Set();
    for (const watcher of [...watchers]) if (watchers.has(watcher)) watcher(snapshot);
  }

  get(key: string): Snapshot | undefined {
    return this.#snapshots.get(key);
  }

  keys(): readonly string[] {
    return [...this.#snapshots.keys()];
  }

  clear(key: string): void {
    this.#snapshots.delete(key);
  }

  /** Calls `watcher` with every later snapshot of the key until the answer is called. */
  watch(key: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers);
    const own: Watcher = (snapshot) => watcher(snapshot);
    watchers.add(own);
    return () => {
      watchers.delete(own);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  /** Watchers of a key, for status and leak tests. */
  watchers(key: string): number {
    return this.#watchers.get(key)?.size ?? 0;
  }

  /** Replaces all resources of one type; the other types stay. Only what differs in version is sent. */
  setResources(
    key: string,
    typeUrl: string,
    resources: Iterable<RawResource>,
    options: { readonly version?: string } = {},
  ): void {
    const snapshot = this.#snapshots.get(key) ?? Snapshot.EMPTY;
    const set = [...resources].map(complete);
    const names = new Set(set.map(({ name }) => name));
    if (names.size !== set.length) throw new RangeError(`${typeUrl}: a name is there twice`);
    const remove = [...snapshot.resources(typeUrl).names()].filter((name) => !names.has(name));
    this.set(key, snapshot.with([{ typeUrl, set, remove, label: options.version }]));
  }

  getResources(key: string, typeUrl: string): ResourceSet {
    return this.#snapshots.get(key)?.resources(typeUrl) ?? ResourceSet.EMPTY;
  }

  /** Takes all resources of one type away; streams are told, unlike by `clear`. */
  clearResources(key: string, typeUrl: string): void {
    if (this.#snapshots.has(key)) this.setResources(key, typeUrl, []);
  }
}

function complete(raw: RawResource): Resource {
  return { ...raw, version: raw.version ?? contentVersion(raw.bytes) };
}
