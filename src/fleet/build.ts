import { errorText, MusterError } from '../errors.ts';
import type { Config } from '../model/config.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import { type BuildParts, NO_CHANGES, nextStep, type Step } from './assemble.ts';
import { Cells } from './cells.ts';
import type { Changes } from './committed.ts';
import { type GroupState, lingerKey, newGroupState } from './group-state.ts';
import type { SnapshotRecord } from './state/state.ts';
import type { BuildProblem, BuiltResource, Translation } from './translation.ts';
import type { World } from './world.ts';

/** One step of a group's snapshot, in the order of its revisions. */
export interface Publication extends Changes {
  readonly group: string;
  readonly revision: number;
}

export interface BuilderOptions {
  readonly world: World;
  readonly translation: Translation;
  /** Hands a committed step to the snapshot cache. */
  readonly publish: (publication: Publication) => void;
  readonly nextRevision: () => number;
}

export type BuildOutcome =
  | { readonly kind: 'committed'; readonly revision: number; readonly set: number; readonly removed: number }
  | { readonly kind: 'unchanged' | 'gone' };

/** What a group is served, and what is wrong with it. */
export interface GroupStatus {
  readonly name: string;
  readonly revision: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly BuildProblem[];
  readonly lingering: number;
}

/**
 * The job `{group}`: brings a group's committed snapshot up to the present config, world and
 * secrets. A change of structure builds all of it again; a change of cells replaces those alone.
 * Both ways give the same bytes. Synchronous; a build that fails throws and leaves what was there.
 */
export class Builder {
  readonly #options: BuilderOptions;
  readonly #cells: Cells;
  readonly #parts: BuildParts;
  readonly #groups = new Map<string, GroupState>();
  /** Secrets that were read at least once, in this life or before the restart. */
  readonly #knownSecrets = new Set<string>();
  #config: Config | undefined;

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#cells = new Cells(options.world, options.translation);
    const { translation } = options;
    this.#parts = { translation, cells: this.#cells, knownSecrets: this.#knownSecrets };
  }

  /** Every group is to be built again; answers their names. Groups that are gone keep what they serve. */
  setConfig(config: Config): readonly string[] {
    this.#config = config;
    this.#cells.retain(config.services, config.secrets);
    for (const name of this.#knownSecrets) if (!config.secrets.has(name)) this.#knownSecrets.delete(name);
    for (const name of config.groups.keys()) this.#state(name).structureDirty = true;
    return [...config.groups.keys()];
  }

  /** Endpoints of these services changed; answers the groups that use them. */
  touchServices(services: readonly string[]): readonly string[] {
    const { endpoints } = this.#options.translation.types;
    return this.#touch(services, endpoints, (state) => [state.structure?.services, state.dirtyServices]);
  }

  /** A version of a secret that passed its checks; answers the groups that use it. */
  putSecret(name: string, secret: CheckedSecret): readonly string[] {
    const config = this.#config?.secrets.get(name);
    if (config === undefined || !this.#cells.putSecret(name, secret, config.origin)) return [];
    const { secret: typeUrl } = this.#options.translation.types;
    const groups = this.#touch([name], typeUrl, (state) => [state.structure?.secrets, state.dirtySecrets]);
    if (!this.#knownSecrets.has(name)) {
      this.#knownSecrets.add(name);
      for (const group of groups) this.#state(group).structureDirty = true;
    }
    return groups;
  }

  /**
   * What a group was given before the restart. It is what the first build is compared with, and
   * what is served should that build fail.
   */
  restore(record: SnapshotRecord): void {
    const state = this.#state(record.group);
    for (const name of record.knownSecrets) this.#knownSecrets.add(name);
    state.committed.apply({ set: record.resources, remove: [] });
    state.revision = record.revision;
  }

  /** Every group is to be compared in full; answers their names. */
  sweep(): readonly string[] {
    const names = [...(this.#config?.groups.keys() ?? [])];
    for (const name of names) this.#state(name).structureDirty = true;
    return names;
  }

  build(group: string, now: number): BuildOutcome {
    const config = this.#config;
    if (config?.groups.has(group) !== true) return { kind: 'gone' };
    const state = this.#state(group);
    try {
      const step = nextStep(this.#parts, state, config, now);
      const { changes } = step;
      state.failure = undefined;
      if (changes.set.length === 0 && changes.remove.length === 0 && state.published) {
        state.committed = step.wanted;
        return { kind: 'unchanged' };
      }
      const revision = this.#options.nextRevision();
      this.#commit(state, step, revision);
      return { kind: 'committed', revision, set: changes.set.length, removed: changes.remove.length };
    } catch (error) {
      state.failure = failureOf(group, config, error);
      if (!state.published && state.revision > 0) {
        this.#commit(state, { wanted: state.committed, changes: NO_CHANGES }, state.revision);
      }
      throw error;
    }
  }

  /** Drops what has lingered long enough; answers the groups to be built for it. */
  release(now: number, isSettled: (group: string) => boolean): readonly string[] {
    const due = [...this.#groups.values()].filter((state) => {
      if (state.lingering.size === 0) return false;
      return state.lingering.release(now, isSettled(state.name));
    });
    for (const state of due) state.structureDirty = true;
    return due.map(({ name }) => name);
  }

  status(group: string): GroupStatus | undefined {
    const state = this.#groups.get(group);
    if (state === undefined) return undefined;
    const endpoints = [...state.committed.ofType(this.#options.translation.types.endpoints)];
    const problems = [
      ...(state.structure?.built.problems ?? []),
      ...state.missing,
      ...endpoints.flatMap((cell) => cell.problems ?? []),
      ...(state.failure === undefined ? [] : [state.failure]),
    ];
    const { name, revision, lingering } = state;
    return { name, revision, counts: state.committed.counts(), problems, lingering: lingering.size };
  }

  resources(group: string): Iterable<BuiltResource> {
    return this.#groups.get(group)?.committed.all() ?? [];
  }

  find(group: string, typeUrl: string, name: string): BuiltResource | undefined {
    return this.#groups.get(group)?.committed.get(typeUrl, name);
  }

  /** What is kept over a restart: everything but the secrets, of which only the names. */
  record(group: string): SnapshotRecord {
    const state = this.#state(group);
    const { secret } = this.#options.translation.types;
    const resources = [...state.committed.all()].filter(({ typeUrl }) => typeUrl !== secret);
    const knownSecrets = [...(state.structure?.secrets ?? [])].filter((name) => this.#knownSecrets.has(name));
    const configHash = state.structure?.config.hash ?? '';
    return { group, revision: state.revision, configHash, resources, knownSecrets };
  }

  #touch(
    names: readonly string[],
    typeUrl: string,
    parts: (state: GroupState) => readonly [ReadonlySet<string> | undefined, Set<string>],
  ): readonly string[] {
    const touched: string[] = [];
    for (const state of this.#groups.values()) {
      const [used, dirty] = parts(state);
      const lingers = (name: string): boolean => state.lingering.has(lingerKey(typeUrl, name));
      const own = names.filter((name) => used === undefined || used.has(name) || lingers(name));
      for (const name of own) dirty.add(name);
      if (own.length > 0) touched.push(state.name);
    }
    return touched;
  }

  #commit(state: GroupState, { wanted, changes }: Step, revision: number): void {
    if (wanted === state.committed) wanted.apply(changes);
    state.committed = wanted;
    state.revision = revision;
    const set = state.published ? changes.set : [...state.committed.all()];
    state.published = true;
    this.#options.publish({ group: state.name, revision, set, remove: changes.remove });
  }

  #state(name: string): GroupState {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const made = newGroupState(name);
    this.#groups.set(name, made);
    return made;
  }
}

function failureOf(group: string, config: Config, error: unknown): BuildProblem {
  const own = error instanceof MusterError ? error.origin : undefined;
  const origin = own ?? config.groups.get(group)?.origin ?? { object: `groups/${group}` };
  return { origin, message: errorText(error) };
}
