import { MusterError } from '../errors.ts';
import type { BuildProblem, BuiltResource } from './translation.ts';

export interface ResourceName {
  readonly typeUrl: string;
  readonly name: string;
}

/** What turns one committed state into the next. */
export interface Changes {
  readonly set: readonly BuiltResource[];
  readonly remove: readonly ResourceName[];
}

/** The resources that a group was last given, by type and name. */
export class Committed {
  readonly #types = new Map<string, Map<string, BuiltResource>>();

  static of(...lists: readonly (readonly BuiltResource[])[]): Committed {
    const committed = new Committed();
    for (const list of lists) for (const resource of list) committed.set(resource);
    return committed;
  }

  get(typeUrl: string, name: string): BuiltResource | undefined {
    return this.#types.get(typeUrl)?.get(name);
  }

  count(typeUrl: string): number {
    return this.#types.get(typeUrl)?.size ?? 0;
  }

  ofType(typeUrl: string): Iterable<BuiltResource> {
    return this.#types.get(typeUrl)?.values() ?? [];
  }

  *all(): Generator<BuiltResource, void, void> {
    for (const resources of this.#types.values()) yield* resources.values();
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#types].map(([typeUrl, resources]) => [typeUrl, resources.size]));
  }

  set(resource: BuiltResource): void {
    const { typeUrl, name } = resource;
    const known = this.#types.get(typeUrl);
    if (known === undefined) this.#types.set(typeUrl, new Map([[name, resource]]));
    else known.set(name, resource);
  }

  apply({ set, remove }: Changes): void {
    for (const { typeUrl, name } of remove) this.#types.get(typeUrl)?.delete(name);
    for (const resource of set) this.set(resource);
  }

  /** From this state to `wanted`. A resource of an equal version is not a change. */
  changesTo(wanted: Committed): Changes {
    const set: BuiltResource[] = [];
    const remove: ResourceName[] = [];
    for (const [typeUrl, resources] of wanted.#types) {
      const here = this.#types.get(typeUrl);
      for (const resource of resources.values()) {
        if (here?.get(resource.name)?.version !== resource.version) set.push(resource);
      }
    }
    for (const [typeUrl, resources] of this.#types) {
      const there = wanted.#types.get(typeUrl);
      for (const name of resources.keys()) if (there?.has(name) !== true) remove.push({ typeUrl, name });
    }
    return { set, remove };
  }
}

const MOST_BYTES = 32 * 1024 * 1024;

/** Beyond it proxies are more likely to drop the stream than to take the resource. */
export function refuseOversized(wanted: Committed): void {
  for (const { name, bytes, origins } of wanted.all()) {
    if (bytes.length <= MOST_BYTES) continue;
    const text = `${name}: its resource has ${bytes.length} bytes, more than ${MOST_BYTES}; the group keeps what it was given last`;
    const [origin] = origins;
    throw new MusterError('build_failed', text, origin === undefined ? {} : { origin });
  }
}

/**
 * Every cluster that is named must be there. Where one could not be built, and has no last good
 * form, its routes answer 503 and the rest works: that is said, not held against the group.
 */
export function missingClusters(wanted: Committed, clusterType: string): readonly BuildProblem[] {
  const problems: BuildProblem[] = [];
  for (const { clusters, origins } of wanted.all()) {
    const [origin] = origins;
    if (clusters.length === 0 || origin === undefined) continue;
    for (const name of clusters) {
      if (wanted.get(clusterType, name) !== undefined) continue;
      const message = `service "${name}" could not be built: what is routed to it answers 503`;
      problems.push({ origin, message });
    }
  }
  return problems;
}
