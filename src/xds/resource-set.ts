import { SetHash } from './content-hash.ts';
import type { Resource } from './resource.ts';

/** What leads from one set to a later one. */
export interface SetChanges {
  readonly changed: readonly Resource[];
  readonly removed: readonly string[];
}

type Chunk = readonly Resource[];
type SlotIndex = ReadonlyMap<string, number>;

interface Parts {
  readonly index: SlotIndex;
  readonly chunks: readonly Chunk[];
  readonly hash: SetHash;
  readonly label: string | undefined;
  /** The set this one was made from, by number: nothing holds on to the set itself. */
  readonly previous: number;
  readonly step: SetChanges;
}

const CHUNK = 64;
const NO_CHANGES: SetChanges = { changed: [], removed: [] };
const MOST_MEMOS = 4;
let lastId = 0;

/**
 * All resources of one type under one key: immutable. Replacing one of many thousands copies a
 * chunk and the list of chunks; the index of names is shared until the names themselves change.
 */
export class ResourceSet {
  static readonly EMPTY = new ResourceSet({
    index: new Map(),
    chunks: [],
    hash: new SetHash(),
    label: undefined,
    previous: 0,
    step: NO_CHANGES,
  });

  /** Unique in this process and growing. */
  readonly id: number;
  readonly #parts: Parts;
  #label: string | undefined;
  #memos: Map<number, SetChanges> | undefined;

  private constructor(parts: Parts) {
    lastId += 1;
    this.id = lastId;
    this.#parts = parts;
  }

  /** `label`: the version shown for the type as a whole; without it a content hash is shown. */
  static of(resources: Iterable<Resource>, label?: string): ResourceSet {
    return ResourceSet.EMPTY.with({ changed: [...resources], removed: [] }, label);
  }

  get size(): number {
    return this.#parts.index.size;
  }

  get label(): string {
    this.#label ??= this.#parts.label ?? this.#parts.hash.toString();
    return this.#label;
  }

  /** The label says what is in the set, so that equal labels mean equal sets; not so with a label of the caller's. */
  get isContentLabel(): boolean {
    return this.#parts.label === undefined;
  }

  get(name: string): Resource | undefined {
    const slot = this.#parts.index.get(name);
    return slot === undefined ? undefined : this.#at(slot);
  }

  has(name: string): boolean {
    return this.#parts.index.has(name);
  }

  names(): MapIterator<string> {
    return this.#parts.index.keys();
  }

  *values(): Generator<Resource, void, void> {
    for (const chunk of this.#parts.chunks) yield* chunk;
  }

  /**
   * The successor, or this very set where nothing differs. A resource whose version is the one that
   * is there is not a change; of two with one name the last counts; what is also set is not removed.
   */
  with(changes: SetChanges, versionLabel?: string): ResourceSet {
    const label = versionLabel === '' ? undefined : versionLabel;
    const byName = new Map(changes.changed.map((resource) => [resource.name, resource]));
    const changed = [...byName.values()].filter(({ name, version }) => this.get(name)?.version !== version);
    const removed = [...new Set(changes.removed)].filter((name) => this.has(name) && !byName.has(name));
    if (changed.length + removed.length === 0 && label === this.#parts.label) return this;
    const sameNames = removed.length === 0 && changed.every(({ name }) => this.has(name));
    const layout = sameNames ? this.#replace(changed) : this.#rebuild(changed, removed);
    const hash = this.#rehash(changed, removed);
    return new ResourceSet({ ...layout, hash, label, previous: this.id, step: { changed, removed } });
  }

  /** What leads from `from` to this set, whatever lies between them. */
  changesSince(from: ResourceSet): SetChanges {
    if (from === this) return NO_CHANGES;
    if (from.id === this.#parts.previous) return this.#parts.step;
    const known = this.#memos?.get(from.id);
    if (known !== undefined) return known;
    const changes =
      from.#parts.index === this.#parts.index ? this.#compareSlots(from) : this.#compareNames(from);
    return this.#remember(from.id, changes);
  }

  #at(slot: number): Resource | undefined {
    return this.#parts.chunks[Math.floor(slot / CHUNK)]?.[slot % CHUNK];
  }

  #replace(changed: readonly Resource[]): Pick<Parts, 'index' | 'chunks'> {
    const { index } = this.#parts;
    const chunks = [...this.#parts.chunks];
    for (const resource of changed) {
      const slot = index.get(resource.name) ?? 0;
      const at = Math.floor(slot / CHUNK);
      chunks[at] = (chunks[at] ?? []).with(slot % CHUNK, resource);
    }
    return { index, chunks };
  }

  #rebuild(changed: readonly Resource[], removed: readonly string[]): Pick<Parts, 'index' | 'chunks'> {
    const byName = new Map<string, Resource>();
    for (const resource of this.values()) byName.set(resource.name, resource);
    for (const name of removed) byName.delete(name);
    for (const resource of changed) byName.set(resource.name, resource);
    const all = [...byName.values()];
    const chunks: Chunk[] = [];
    for (let at = 0; at < all.length; at += CHUNK) chunks.push(all.slice(at, at + CHUNK));
    return { index: new Map(all.map(({ name }, slot) => [name, slot])), chunks };
  }

  #rehash(changed: readonly Resource[], removed: readonly string[]): SetHash {
    const hash = this.#parts.hash.copy();
    for (const name of [...changed.map((resource) => resource.name), ...removed]) {
      const before = this.get(name);
      if (before !== undefined) hash.remove(name, before.version);
    }
    for (const { name, version } of changed) hash.add(name, version);
    return hash;
  }

  #compareSlots(from: ResourceSet): SetChanges {
    const changed: Resource[] = [];
    for (const [at, chunk] of this.#parts.chunks.entries()) {
      const before = from.#parts.chunks[at];
      if (before === chunk) continue;
      for (const [slot, resource] of chunk.entries()) {
        if (before?.[slot]?.version !== resource.version) changed.push(resource);
      }
    }
    return { changed, removed: [] };
  }

  #compareNames(from: ResourceSet): SetChanges {
    const changed = [...this.values()].filter(({ name, version }) => from.get(name)?.version !== version);
    return { changed, removed: [...from.names()].filter((name) => !this.has(name)) };
  }

  /** Streams that lag by the same step share the comparison. */
  #remember(from: number, changes: SetChanges): SetChanges {
    this.#memos ??= new Map();
    if (this.#memos.size >= MOST_MEMOS) this.#memos.clear();
    this.#memos.set(from, changes);
    return changes;
  }
}
