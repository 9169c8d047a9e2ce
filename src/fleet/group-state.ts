import type { Config } from '../model/config.ts';
import { Committed } from './committed.ts';
import { LingerList } from './linger.ts';
import type { BuildProblem, Structure } from './translation.ts';

/** What the builder remembers of one group. */
export interface GroupState {
  readonly name: string;
  /** The structure that is committed, the config it was built from, and its services and secrets as sets. */
  structure: CommittedStructure | undefined;
  structureDirty: boolean;
  readonly dirtyServices: Set<string>;
  readonly dirtySecrets: Set<string>;
  committed: Committed;
  readonly lingering: LingerList;
  revision: number;
  /** False until the cache was given this group's snapshot in this life. */
  published: boolean;
  /** Clusters that are named and could not be built. */
  missing: readonly BuildProblem[];
  /** Why the last build did not ship. */
  failure: BuildProblem | undefined;
}

export interface CommittedStructure {
  readonly config: Config;
  readonly built: Structure;
  readonly services: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** The key of a resource in a group's list of what lingers. */
export function lingerKey(typeUrl: string, name: string): string {
  return `${typeUrl} ${name}`;
}

export function newGroupState(name: string): GroupState {
  return {
    name,
    structure: undefined,
    structureDirty: true,
    dirtyServices: new Set(),
    dirtySecrets: new Set(),
    committed: new Committed(),
    lingering: new LingerList(),
    revision: 0,
    published: false,
    missing: [],
    failure: undefined,
  };
}
