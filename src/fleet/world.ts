import type { InstanceIndex } from '../discovery/instances.ts';
import type { ScopeReport } from '../discovery/source.ts';
import type { Config, Service } from '../model/config.ts';
import type { Endpoint, Instance } from '../model/instance.ts';
import { sameSelection } from './same.ts';
import type { HeldService, ScopeCounters, ScopeStatus, SeenInstance } from './seen.ts';
import { affected, namesOf } from './users.ts';
import type { Intake } from './world/intake.ts';
import { Scope, type ScopeStep } from './world/scope.ts';
import { type ScopeCause, Selected } from './world/selected.ts';
import {
  configureSource,
  isKnownTo,
  noteKnowledge,
  type SourceKinds,
  type SourceState,
} from './world/source-state.ts';

export interface ServiceEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** False while a source of the service has never been read: what is not known is not empty. */
  readonly known: boolean;
}

interface Believed {
  readonly instances: readonly Instance[];
  readonly version: number;
}

/**
 * The last good instances of every scope, and from them the endpoints of every service. A failure
 * replaces nothing; a shrink is held by the guard, of a scope and of each service by itself. The
 * clock comes as `now`, epoch milliseconds.
 */
export class World {
  #sources = new Map<string, SourceState>();
  #services: ReadonlyMap<string, Service> = new Map();
  readonly #selected = new Selected((source): InstanceIndex | undefined => this.#sources.get(source)?.index);

  /**
   * A new config: scopes of sources that stay are kept, and so are the endpoints of services that
   * select the same of them. A source that is of another kind now is another source. Answers
   * the services whose endpoints differ.
   */
  configure(config: Config, kinds: SourceKinds): readonly string[] {
    const [sources, services] = [this.#sources, this.#services];
    this.#services = config.services;
    this.#sources = new Map();
    const reread = new Set<string>();
    for (const source of config.sources.values()) {
      const before = sources.get(source.name);
      const { state, isReread } = configureSource(before, source, config, kinds(source.kind));
      this.#sources.set(source.name, state);
      if (isReread || state.index !== before?.index) reread.add(source.name);
    }
    this.#selected.retain(config.services);
    const isKept = ({ source }: { readonly source: string }): boolean =>
      !reread.has(source) && sources.has(source) === this.#sources.has(source);
    const moved = [...config.services.values()].filter((service) => {
      const before = services.get(service.name);
      return before === undefined || !sameSelection(before, service) || !service.from.every(isKept);
    });
    return this.#selected.select(moved, 'edit', 0);
  }

  /** Last good from before the start; a scope that has reported since is left alone. */
  restore(source: string, scope: string, instances: readonly Instance[], at: number): readonly string[] {
    const state = this.#sources.get(source);
    if (state === undefined || state.scopes.has(scope)) return [];
    const made = new Scope(scope);
    state.scopes.set(scope, made);
    state.known = true;
    this.#follow(state, made, made.restore(instances, at, state.intake), at);
    return namesOf(state.users.all);
  }

  /** Takes a report of a source; answers the services whose endpoints changed. */
  put(source: string, report: ScopeReport, now: number): readonly string[] {
    const state = this.#sources.get(source);
    if (state === undefined) return [];
    const scope = state.scopes.get(report.scope) ?? new Scope(report.scope);
    state.scopes.set(report.scope, scope);
    const step = scope.take(report, now, state.intake);
    const cameToBeKnown = this.#note(state, scope, report);
    const isRead = report.kind !== 'failure' || report.gone === true;
    const changed = isRead ? this.#follow(state, scope, step, now) : [];
    return cameToBeKnown.length === 0 ? changed : [...new Set([...changed, ...cameToBeKnown])];
  }

  /** Ends holds whose time is up, and marks what has become too old. */
  tick(now: number): readonly string[] {
    const changed = new Set(this.#selected.tick(now));
    for (const state of this.#sources.values()) {
      for (const scope of state.scopes.values()) {
        const step = scope.tick(now, state.maxAgeMs, state.intake);
        if (step === undefined) continue;
        for (const service of this.#follow(state, scope, step, now)) changed.add(service);
      }
    }
    return [...changed];
  }

  /** By hand: what the source last said is the truth. `undefined`: nothing of the scope is held. */
  release(source: string, scope: string, now: number): readonly string[] | undefined {
    const state = this.#sources.get(source);
    const found = state?.scopes.get(scope);
    if (state === undefined || found === undefined) return undefined;
    const step = found.release(state.intake);
    const services = [...this.#selected.heldBy(source, scope)];
    if (step === undefined && services.length === 0) return undefined;
    const changed = new Set(this.#selected.release(source, scope));
    for (const service of step === undefined ? [] : this.#follow(state, found, step, now))
      changed.add(service);
    return [...changed];
  }

  service(name: string): Service | undefined {
    return this.#services.get(name);
  }

  endpoints(service: string): ServiceEndpoints {
    return { endpoints: this.#selected.endpoints(service), known: this.isServiceKnown(service) };
  }

  isServiceKnown(service: string): boolean {
    for (const from of this.#services.get(service)?.from ?? []) {
      const state = this.#sources.get(from.source);
      if (state === undefined || !isKnownTo(state, from)) return false;
    }
    return true;
  }

  /** A source is known once it has answered for all it was asked at first, now or before the restart. */
  isKnown(source: string): boolean {
    return this.#sources.get(source)?.known ?? false;
  }

  scopes(source: string): readonly ScopeStatus[] {
    return [...(this.#sources.get(source)?.scopes.values() ?? [])].map((scope) => scope.status());
  }

  /** What every instance of a source goes through; whoever runs it beforehand makes `put` quicker. */
  intake(source: string): Intake | undefined {
    return this.#sources.get(source)?.intake;
  }

  scope(source: string, scope: string): ScopeStatus | undefined {
    return this.#sources.get(source)?.scopes.get(scope)?.status();
  }

  counters(source: string): ReadonlyMap<string, ScopeCounters> {
    const scopes = this.#sources.get(source)?.scopes ?? new Map<string, Scope>();
    return new Map([...scopes].map(([name, scope]) => [name, scope.counters]));
  }

  /** Every instance as the source saw it, and what became of it. */
  *seen(source: string): Generator<SeenInstance, void, void> {
    const state = this.#sources.get(source);
    if (state === undefined) return;
    for (const [scope, { reported, held }] of state.scopes) {
      for (const seen of reported) yield { source, scope, seen, ...state.intake(seen), held: false };
      for (const seen of held) yield { source, scope, seen, ...state.intake(seen), held: true };
    }
  }

  heldServices(): readonly HeldService[] {
    return this.#selected.held();
  }

  /** Something of the scope is held, by itself or in a service. */
  isHeld(source: string, scope: string): boolean {
    const isScopeHeld = this.#sources.get(source)?.scopes.get(scope)?.isHeld === true;
    return isScopeHeld || this.#selected.heldBy(source, scope).next().done === false;
  }

  /**
   * The last good of a scope, to be kept over a restart; `version` grows with each change of it.
   * `undefined`: the scope is no more, there is nothing to keep.
   */
  believed(source: string, scope: string): Believed | undefined {
    const found = this.#sources.get(source)?.scopes.get(scope);
    return found === undefined || found.isOver
      ? undefined
      : { instances: found.believed, version: found.version };
  }

  /** The services of which, by this report, all is known for the first time. */
  #note(state: SourceState, scope: Scope, report: ScopeReport): readonly string[] {
    if (state.known && state.unread.size === 0) return [];
    const unknown = state.users.all.filter(({ name }) => !this.isServiceKnown(name));
    noteKnowledge(state, scope, report);
    return namesOf(unknown).filter((name) => this.isServiceKnown(name));
  }

  /** What a change of one scope means for the services. */
  #follow(state: SourceState, scope: Scope, { changes, excused }: ScopeStep, now: number): readonly string[] {
    state.index.replace(scope.name, scope.list, changes);
    const concerned = new Set(affected(state.users, state.index.serviceLabel, changes));
    for (const name of this.#selected.heldBy(state.name, scope.name)) {
      const service = this.#services.get(name);
      if (service !== undefined) concerned.add(service);
    }
    const cause: ScopeCause = {
      source: state.name,
      scope: scope.name,
      excused: () => addressesOf(changes, excused),
    };
    const changed = this.#selected.select(concerned, cause, now);
    if (scope.isOver && !scope.isFailing) state.scopes.delete(scope.name);
    return changed;
  }
}

function addressesOf(changes: ScopeStep['changes'], excused: ScopeStep['excused']): ReadonlySet<string> {
  const gone = changes.flatMap(({ before }) => before ?? []);
  return new Set(gone.filter((one) => excused === 'all' || excused(one)).map(({ address }) => address));
}
