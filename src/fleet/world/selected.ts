import { endpointGuard, type GuardState, holdEnds } from '../../discovery/guard.ts';
import type { InstanceIndex } from '../../discovery/instances.ts';
import { selectEndpoints } from '../../discovery/select.ts';
import type { Service } from '../../model/config.ts';
import type { Endpoint } from '../../model/instance.ts';
import { sameEndpoints } from '../same.ts';
import type { HeldService } from '../seen.ts';

/** Why services are selected anew: an edit, whose losses the user meant, or what became of one scope. */
export type Cause = ScopeCause | 'edit';

export interface ScopeCause {
  readonly source: string;
  readonly scope: string;
  /** Addresses whose loss has a stated reason; asked for only where something is missed. */
  readonly excused: () => ReadonlySet<string>;
}

interface Selection {
  readonly endpoints: readonly Endpoint[];
  readonly guard: GuardState<Endpoint>;
  /** Whose report dropped what is held. */
  readonly by?: ScopeCause | undefined;
}

/** The endpoints of every service, each guarded by itself: a scope that shrinks a little may be all of a service. */
export class Selected {
  readonly #services = new Map<string, Selection>();
  readonly #held = new Set<string>();
  readonly #indexOf: (source: string) => InstanceIndex | undefined;

  constructor(indexOf: (source: string) => InstanceIndex | undefined) {
    this.#indexOf = indexOf;
  }

  endpoints(service: string): readonly Endpoint[] {
    return this.#services.get(service)?.endpoints ?? [];
  }

  retain(services: ReadonlyMap<string, unknown>): void {
    for (const name of this.#services.keys()) {
      if (services.has(name)) continue;
      this.#services.delete(name);
      this.#held.delete(name);
    }
  }

  /** Answers the services whose endpoints differ. */
  select(services: Iterable<Service>, cause: Cause, now: number): readonly string[] {
    const changed: string[] = [];
    for (const service of services) {
      const endpoints = selectEndpoints(service, this.#indexOf);
      if (this.#take(service.name, this.#judge(service.name, endpoints, cause, now)))
        changed.push(service.name);
    }
    return changed;
  }

  /** The services that hold what this scope dropped: another read of it counts for them. */
  *heldBy(source: string, scope: string): Generator<string, void, void> {
    for (const name of this.#held) {
      const by = this.#services.get(name)?.by;
      if (by?.source === source && by.scope === scope) yield name;
    }
  }

  tick(now: number): readonly string[] {
    return this.#each((guard) => {
      const isDue = (holdEnds(guard) ?? Number.POSITIVE_INFINITY) <= now;
      return isDue ? endpointGuard.tick(guard, now) : undefined;
    });
  }

  /** By hand: what this scope's report left is the truth. */
  release(source: string, scope: string): readonly string[] {
    const mine = new Set(this.heldBy(source, scope));
    return this.#each((guard, name) => (mine.has(name) ? endpointGuard.release(guard) : undefined));
  }

  held(): readonly HeldService[] {
    return [...this.#held].sort().flatMap((service) => {
      const { guard, by } = this.#services.get(service) ?? {};
      if (guard?.hold === undefined || by === undefined) return [];
      const { held, since } = guard.hold;
      const { source, scope } = by;
      return [{ service, held: held.length, since, until: holdEnds(guard) ?? since, source, scope }];
    });
  }

  #judge(name: string, endpoints: readonly Endpoint[], cause: Cause, now: number): Selection {
    const before = this.#services.get(name);
    if (before === undefined || cause === 'edit') return { endpoints, guard: { believed: endpoints } };
    const { items, state } = endpointGuard.report(
      before.guard,
      { items: endpoints, excused: excusedBy(cause) },
      now,
    );
    return {
      endpoints: items,
      guard: state,
      by: state.hold === undefined ? undefined : (before.by ?? cause),
    };
  }

  #each(
    outcomeOf: (
      guard: GuardState<Endpoint>,
      name: string,
    ) => ReturnType<typeof endpointGuard.tick> | undefined,
  ): readonly string[] {
    const changed: string[] = [];
    for (const name of [...this.#held]) {
      const selection = this.#services.get(name);
      const outcome = selection === undefined ? undefined : outcomeOf(selection.guard, name);
      if (outcome === undefined) continue;
      if (this.#take(name, { endpoints: outcome.items, guard: outcome.state })) changed.push(name);
    }
    return changed;
  }

  /** Answers whether the endpoints differ; those that do not stay the object they were. */
  #take(name: string, next: Selection): boolean {
    const before = this.#services.get(name);
    const isSame = before !== undefined && sameEndpoints(before.endpoints, next.endpoints);
    this.#services.set(name, isSame ? { ...next, endpoints: before.endpoints } : next);
    if (next.guard.hold === undefined) this.#held.delete(name);
    else this.#held.add(name);
    return !isSame;
  }
}

/** The set is made at the first question: most reports raise none. */
function excusedBy(cause: ScopeCause): (endpoint: Endpoint) => boolean {
  let addresses: ReadonlySet<string> | undefined;
  return ({ address }) => {
    addresses ??= cause.excused();
    return addresses.has(address);
  };
}
