import {
  type GuardState,
  guardReport,
  guardTick,
  holdEnds,
  releaseGuard,
  restoreGuard,
} from '../discovery/guard.ts';
import { InstanceIndex } from '../discovery/instances.ts';
import { selectEndpoints } from '../discovery/select.ts';
import type { ScopeReport } from '../discovery/source.ts';
import type { Config, Service } from '../model/config.ts';
import type { Endpoint, Instance } from '../model/instance.ts';
import { sameEndpoints, sameInstances, sameSelection } from './same.ts';
import type { ScopeStatus } from './seen.ts';
import { affected, NO_USERS, namesOf, type Users, usersOf } from './users.ts';

export interface ServiceEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** False while a source of the service has never been read: what is not known is not empty. */
  readonly known: boolean;
}

interface Scope {
  guard: GuardState | undefined;
  served: readonly Instance[];
  held: number;
  at: number | undefined;
  error: string | undefined;
  restored: boolean;
}

interface SourceState {
  readonly kind: string;
  readonly index: InstanceIndex;
  readonly scopes: Map<string, Scope>;
  readonly users: Users;
  known: boolean;
}

/**
 * The last good instances of every scope, and from them the endpoints of every service. A failure
 * replaces nothing; a shrink is held by the guard. The clock comes as `now`, epoch milliseconds.
 */
export class World {
  #sources = new Map<string, SourceState>();
  #services: ReadonlyMap<string, Service> = new Map();
  readonly #endpoints = new Map<string, readonly Endpoint[]>();

  /**
   * A new config: scopes of sources that stay are kept, and so are the endpoints of services that
   * select the same of them. A source that is of another kind now is another source. Answers
   * the services whose endpoints differ.
   */
  configure(config: Config, serviceLabel: (kind: string) => string | undefined): readonly string[] {
    const [sources, services] = [this.#sources, this.#services];
    this.#services = config.services;
    this.#sources = new Map();
    for (const { name, kind } of config.sources.values()) {
      const kept = sources.get(name);
      const state = kept?.kind === kind ? kept : newSource(kind, serviceLabel(kind));
      this.#sources.set(name, { ...state, users: usersOf(config, name) });
    }
    for (const name of this.#endpoints.keys()) if (!config.services.has(name)) this.#endpoints.delete(name);
    const isKept = (name: string): boolean => this.#sources.get(name)?.index === sources.get(name)?.index;
    const moved: Service[] = [];
    for (const service of config.services.values()) {
      const before = services.get(service.name);
      const isSame = before !== undefined && sameSelection(before, service);
      if (!isSame || !service.from.every(({ source }) => isKept(source))) moved.push(service);
    }
    return this.#reselect(moved);
  }

  /** Last good from before the start; a scope that has reported since is left alone. */
  restore(source: string, scope: string, instances: readonly Instance[], at: number): readonly string[] {
    const state = this.#sources.get(source);
    if (state === undefined || state.scopes.has(scope)) return [];
    const guard = restoreGuard(instances);
    state.scopes.set(scope, { guard, served: [], held: 0, at, error: undefined, restored: true });
    return this.#serve(state, scope, instances, 0, guard);
  }

  /** Takes a report of a source; answers the services whose endpoints changed. */
  put(source: string, report: ScopeReport, now: number): readonly string[] {
    const state = this.#sources.get(source);
    if (state === undefined) return [];
    const scope = state.scopes.get(report.scope) ?? newScope();
    state.scopes.set(report.scope, scope);
    if (report.kind === 'failure' && report.gone !== true) {
      scope.error = report.error.message;
      return [];
    }
    if (report.kind === 'unchanged') return [];
    const shown = report.kind === 'failure' ? { instances: [] } : report;
    const { instances, held, state: guard } = guardReport(scope.guard, shown, now);
    scope.error = report.kind === 'failure' ? report.error.message : undefined;
    scope.restored = false;
    scope.at = now;
    return this.#serve(state, report.scope, instances, held.length, guard);
  }

  /** Ends holds whose time is up. */
  tick(now: number): readonly string[] {
    return this.#eachScope((state, name, scope) => {
      if (scope.guard === undefined || (holdEnds(scope.guard) ?? Number.POSITIVE_INFINITY) > now) return [];
      const { instances, held, state: guard } = guardTick(scope.guard, now);
      return this.#serve(state, name, instances, held.length, guard);
    });
  }

  /** By hand: what the source last said is the truth. */
  release(source: string, scope: string): readonly string[] {
    const state = this.#sources.get(source);
    const guard = state?.scopes.get(scope)?.guard;
    if (state === undefined || guard === undefined) return [];
    const outcome = releaseGuard(guard);
    return this.#serve(state, scope, outcome.instances, 0, outcome.state);
  }

  service(name: string): Service | undefined {
    return this.#services.get(name);
  }

  endpoints(service: string): ServiceEndpoints {
    const endpoints = this.#endpoints.get(service) ?? [];
    return { endpoints, known: this.isServiceKnown(service) };
  }

  isServiceKnown(service: string): boolean {
    for (const { source } of this.#services.get(service)?.from ?? []) {
      if (!this.isKnown(source)) return false;
    }
    return true;
  }

  /** A source is known once any of its scopes gave a complete report, now or before the restart. */
  isKnown(source: string): boolean {
    return this.#sources.get(source)?.known ?? false;
  }

  scopes(source: string): readonly ScopeStatus[] {
    const scopes = this.#sources.get(source)?.scopes ?? new Map<string, Scope>();
    return [...scopes].map(([scope, s]) => ({
      scope,
      state: stateOf(s),
      instances: s.served.length,
      held: s.held,
      dropped: 0,
      at: s.at,
      error: s.error,
      failures: 0,
      nextAttempt: undefined,
      heldSince: undefined,
      heldUntil: undefined,
      stale: false,
    }));
  }

  /** What the source is believed to hold: the last good to keep over a restart. */
  believed(source: string, scope: string): readonly Instance[] {
    return this.#sources.get(source)?.scopes.get(scope)?.guard?.believed ?? [];
  }

  #serve(
    state: SourceState,
    name: string,
    instances: readonly Instance[],
    held: number,
    guard: GuardState,
  ): readonly string[] {
    const scope = state.scopes.get(name);
    if (scope === undefined) return [];
    const before = scope.served;
    const wasKnown = state.known;
    state.known = true;
    scope.guard = guard;
    scope.held = held;
    if (sameInstances(before, instances)) return wasKnown ? [] : namesOf(state.users.all);
    scope.served = instances;
    state.index.replace(name, instances);
    const changed = this.#reselect(affected(state.users, state.index.serviceLabel, before, instances));
    return wasKnown ? changed : namesOf(state.users.all);
  }

  #reselect(services: Iterable<Service>): readonly string[] {
    const changed: string[] = [];
    for (const service of services) {
      const endpoints = selectEndpoints(service, (source) => this.#sources.get(source)?.index);
      const before = this.#endpoints.get(service.name);
      if (before !== undefined && sameEndpoints(before, endpoints)) continue;
      this.#endpoints.set(service.name, endpoints);
      changed.push(service.name);
    }
    return changed;
  }

  #eachScope(
    visit: (state: SourceState, name: string, scope: Scope) => readonly string[],
  ): readonly string[] {
    const changed = new Set<string>();
    for (const state of this.#sources.values()) {
      for (const [name, scope] of state.scopes)
        for (const service of visit(state, name, scope)) changed.add(service);
    }
    return [...changed];
  }
}

function newSource(kind: string, serviceLabel: string | undefined): SourceState {
  return { kind, index: new InstanceIndex(serviceLabel), scopes: new Map(), users: NO_USERS, known: false };
}

function newScope(): Scope {
  return { guard: undefined, served: [], held: 0, at: undefined, error: undefined, restored: false };
}

function stateOf(scope: Scope): ScopeStatus['state'] {
  if (scope.error !== undefined) return 'failing';
  if (scope.held > 0) return 'held';
  return scope.restored ? 'restored' : 'ok';
}
