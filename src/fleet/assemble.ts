import { MusterError } from '../errors.ts';
import type { Config } from '../model/config.ts';
import type { Cells } from './cells.ts';
import { type Changes, Committed, missingClusters, refuseOversized } from './committed.ts';
import { type GroupState, lingerKey } from './group-state.ts';
import type { BuiltResource, Structure, Translation } from './translation.ts';

/** What every build of a group draws on. */
export interface BuildParts {
  readonly translation: Translation;
  readonly cells: Cells;
  readonly knownSecrets: ReadonlySet<string>;
}

/**
 * What a build wants, and how it differs in bytes from what was committed. After a change of cells
 * `wanted` is the committed state itself, not yet changed.
 */
export interface Step {
  readonly wanted: Committed;
  readonly changes: Changes;
}

export const NO_CHANGES: Changes = { set: [], remove: [] };

/** From what is committed to what should be: in full where the structure may differ, else by cells alone. */
export function nextStep(parts: BuildParts, state: GroupState, config: Config, now: number): Step {
  const { structure, structureDirty, committed } = state;
  if (structureDirty || structure === undefined) return fullStep(parts, state, config, now);
  return { wanted: committed, changes: cellChanges(parts, state) };
}

function fullStep(parts: BuildParts, state: GroupState, config: Config, now: number): Step {
  const { translation, knownSecrets } = parts;
  const built = translation.structure(config, state.name, knownSecrets);
  const wanted = assemble(parts, state, built);
  refuseEmpty(parts, state, config, wanted);
  addLingering(parts, state, wanted, now);
  refuseOversized(wanted);
  state.missing = missingClusters(wanted, translation.types.cluster);
  const sets = { services: new Set(built.services), secrets: new Set(built.secrets) };
  state.structure = { config, built, ...sets };
  state.structureDirty = false;
  clearCells(state);
  return { wanted, changes: state.committed.changesTo(wanted) };
}

function assemble(parts: BuildParts, state: GroupState, built: Structure): Committed {
  const { committed } = state;
  const { secret } = parts.translation.types;
  const kept = built.failed.flatMap(({ typeUrl, name }) => committed.get(typeUrl, name) ?? []);
  const endpoints = built.services.flatMap((name) => endpointCell(parts, state, name) ?? []);
  const secrets = built.secrets.flatMap(
    (name) => parts.cells.secret(name) ?? committed.get(secret, name) ?? [],
  );
  return Committed.of(kept, built.resources, endpoints, secrets);
}

/** While a source of the service has never been read, what the group was last given stays. */
function endpointCell(
  { cells, translation }: BuildParts,
  state: GroupState,
  name: string,
): BuiltResource | undefined {
  const isCurrent = cells.isKnown(name) || cells.has(name);
  const last = isCurrent ? undefined : state.committed.get(translation.types.endpoints, name);
  return last ?? cells.endpoints(name);
}

function refuseEmpty(
  { translation }: BuildParts,
  state: GroupState,
  config: Config,
  wanted: Committed,
): void {
  const { listener } = translation.types;
  const before = state.committed.count(listener);
  const group = config.groups.get(state.name);
  if (before === 0 || wanted.count(listener) > 0 || group === undefined || group.allowEmpty) return;
  const text = `group "${state.name}" would go from ${before} listeners to none; it keeps what it has (say allowEmpty: true if that is meant)`;
  throw new MusterError('build_failed', text, { origin: group.origin });
}

/** What the group stopped using is served on for a while; what it uses again no longer lingers. */
function addLingering({ translation }: BuildParts, state: GroupState, wanted: Committed, now: number): void {
  const { cluster, endpoints, secret } = translation.types;
  for (const typeUrl of [cluster, endpoints, secret]) {
    for (const resource of state.committed.ofType(typeUrl)) {
      const isUsed = wanted.get(typeUrl, resource.name) !== undefined;
      if (isUsed && state.lingering.size === 0) continue;
      const key = lingerKey(typeUrl, resource.name);
      if (isUsed) state.lingering.remove(key);
      else if (state.lingering.keep(key, now)) wanted.set(resource);
    }
  }
}

function cellChanges(parts: BuildParts, state: GroupState): Changes {
  const services = [...state.dirtyServices].flatMap((name) => endpointCell(parts, state, name) ?? []);
  const secrets = [...state.dirtySecrets].flatMap((name) => parts.cells.secret(name) ?? []);
  clearCells(state);
  const moved = (cell: BuiltResource): boolean => state.committed.get(cell.typeUrl, cell.name) !== cell;
  return { set: [...services, ...secrets].filter(moved), remove: [] };
}

function clearCells(state: GroupState): void {
  state.dirtyServices.clear();
  state.dirtySecrets.clear();
}
