import type { Resource } from './resource.ts';
import { ResourceSet } from './resource-set.ts';

/** Changes of one type within a snapshot. */
export interface TypeChanges {
  readonly typeUrl: string;
  readonly set?: readonly Resource[] | undefined;
  readonly remove?: readonly string[] | undefined;
  /** The type's version label from now on; absent: a content hash. */
  readonly label?: string | undefined;
}

/** Everything one key is served, by type: immutable, and whole or not published at all. */
export class Snapshot {
  static readonly EMPTY = new Snapshot(0, new Map());

  /** The owner's number; this library only hands it back. */
  readonly revision: number;
  readonly #types: ReadonlyMap<string, ResourceSet>;

  constructor(revision: number, types: ReadonlyMap<string, ResourceSet>) {
    this.revision = revision;
    this.#types = types;
  }

  /** A type that was never set is an empty set. */
  resources(typeUrl: string): ResourceSet {
    return this.#types.get(typeUrl) ?? ResourceSet.EMPTY;
  }

  typeUrls(): readonly string[] {
    return [...this.#types.keys()];
  }

  /** The successor: types and resources that are not named stay as they are, and are shared. */
  with(changes: readonly TypeChanges[], revision = this.revision): Snapshot {
    const types = new Map(this.#types);
    for (const { typeUrl, set = [], remove = [], label } of changes) {
      const before = types.get(typeUrl) ?? ResourceSet.EMPTY;
      types.set(typeUrl, before.with({ changed: set, removed: remove }, label));
    }
    return new Snapshot(revision, types);
  }

  /** The same without these types, as if they were empty. */
  without(typeUrls: readonly string[]): Snapshot {
    return new Snapshot(
      this.revision,
      new Map([...this.#types].filter(([typeUrl]) => !typeUrls.includes(typeUrl))),
    );
  }
}

/** A snapshot from nothing. Two resources of one type with one name are refused: the last would win unseen. */
export function createSnapshot(
  types: ReadonlyMap<string, Iterable<Resource>>,
  options: { readonly revision?: number; readonly labels?: ReadonlyMap<string, string> } = {},
): Snapshot {
  const sets = [...types].map(([typeUrl, resources]): [string, ResourceSet] => {
    const list = [...resources];
    const set = ResourceSet.of(list, options.labels?.get(typeUrl));
    if (set.size !== list.length) throw new RangeError(`${typeUrl}: ${firstDouble(list)} is there twice`);
    return [typeUrl, set];
  });
  return new Snapshot(options.revision ?? 0, new Map(sets));
}

function firstDouble(resources: readonly Resource[]): string {
  const seen = new Set<string>();
  for (const { name } of resources) {
    if (seen.has(name)) return `"${name}"`;
    seen.add(name);
  }
  return 'a name';
}
