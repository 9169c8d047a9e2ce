import { MusterError } from '../errors.ts';
import type { BuiltResource } from './translation.ts';

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

  static of(resources: Iterable<BuiltResource>): Committed {
    const committed = new Committed();
    committed.apply({ set: [...resources], remove: [] });
    return committed;
  }

  get(typeUrl: string, name: string): BuiltResource | undefined {
    return this.#types.get(typeUrl)?.get(name);
  }

  count(typeUrl: string): number {
    return this.#types.get(typeUrl)?.size ?? 0;
  }

  *ofType(typeUrl: string): Generator<BuiltResource, void, void> {
    yield* this.#types.get(typeUrl)?.values() ?? [];
  }

  *all(): Generator<BuiltResource, void, void> {
    for (const resources of this.#types.values()) yield* resources.values();
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#types].map(([typeUrl, resources]) => [typeUrl, resources.size]));
  }

  apply({ set, remove }: Changes): void {
    for (const { typeUrl, name } of remove) this.#types.get(typeUrl)?.delete(name);
    for (const resource of set) this.#ofType(resource.typeUrl).set(resource.name, resource);
  }

  /** From this state to `wanted`. A resource of an equal version is left as it is. */
  changesTo(wanted: Committed): Changes {
    const set = [...wanted.all()].filter((r) => this.get(r.typeUrl, r.name)?.version !== r.version);
    const remove = [...this.all()].filter((r) => wanted.get(r.typeUrl, r.name) === undefined);
    return { set, remove: remove.map(({ typeUrl, name }) => ({ typeUrl, name })) };
  }

  #ofType(typeUrl: string): Map<string, BuiltResource> {
    const known = this.#types.get(typeUrl);
    if (known !== undefined) return known;
    const made = new Map<string, BuiltResource>();
    this.#types.set(typeUrl, made);
    return made;
  }
}

/** The largest resource that is sent: beyond it proxies are more likely to drop the stream than to take it. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A snapshot must be whole before it is published: every cluster that is named is in it, nothing is too large. */
export function checkConsistent(wanted: Committed, clusterType: string): void {
  for (const resource of wanted.all()) {
    const missing = resource.clusters.find((name) => wanted.get(clusterType, name) === undefined);
    if (missing !== undefined)
      throw inconsistent(resource, `it names the cluster "${missing}", which could not be built`);
    if (resource.bytes.length > MOST_BYTES)
      throw inconsistent(resource, `it is larger than ${MOST_BYTES} bytes`);
  }
}

function inconsistent(resource: BuiltResource, why: string): MusterError {
  const [origin] = resource.origins;
  const text = `${resource.name}: ${why}; the group keeps what it was given last`;
  return new MusterError('build_failed', text, origin === undefined ? {} : { origin });
}
