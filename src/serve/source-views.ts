import type { InstancesQuery, Looked } from '../api/ports.ts';
import type { InstancesView, InstanceView, ScopeView, SeenView, SourceView } from '../api/source-views.ts';
import type { ScopeStatus, SeenInstance } from '../fleet/seen.ts';
import type { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { iso } from './node-views.ts';
import { unknownName } from './unknown-name.ts';

/** What the views of sources are read from. */
export interface SourceParts {
  readonly config: Config | undefined;
  readonly world: Pick<World, 'scopes' | 'seen' | 'isKnown'>;
}

/** The order in which scopes are shown: trouble first. */
const RANK: Readonly<Record<ScopeStatus['state'], number>> = { held: 0, failing: 1, restored: 2, ok: 3 };

/** Sources by name, or the one asked for. */
export function sourcesOf(
  parts: SourceParts,
  { source, limit }: { readonly source?: string | undefined; readonly limit: number },
  now: number,
): Looked<readonly SourceView[]> {
  const sources = [...(parts.config?.sources.values() ?? [])];
  const wanted = source === undefined ? sources : sources.filter(({ name }) => name === source);
  if (source !== undefined && wanted.length === 0) return { unknown: unknownSource(parts, source) };
  const users = countUsers(parts.config);
  return {
    found: wanted.map(({ name, kind }) => {
      const scopes = parts.world.scopes(name);
      const services = users.get(name) ?? 0;
      const state = stateOf(scopes, services, parts.world.isKnown(name));
      return { name, kind, state, services, ...sums(scopes), ...shown(scopes, limit, now) };
    }),
  };
}

export function unknownSource({ config }: SourceParts, source: string): string {
  return unknownName('source', source, [...(config?.sources.keys() ?? [])]);
}

export function unknownScope({ world }: SourceParts, source: string, scope: string): string {
  return `source ${JSON.stringify(source)}: ${unknownName('scope', scope, scopeNames(world, source))}`;
}

function scopeNames(world: SourceParts['world'], source: string): readonly string[] {
  return world.scopes(source).map((one) => one.scope);
}

/** Services that select from each source. */
function countUsers(config: Config | undefined): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  for (const { from } of config?.services.values() ?? []) {
    for (const source of new Set(from.map((one) => one.source)))
      users.set(source, (users.get(source) ?? 0) + 1);
  }
  return users;
}

/** A source that nobody asks is no alarm, whatever it says (SRC16); else the worst of its scopes. */
function stateOf(scopes: readonly ScopeStatus[], services: number, isKnown: boolean): SourceView['state'] {
  if (services === 0) return 'unused';
  for (const state of ['failing', 'held'] as const)
    if (scopes.some((scope) => scope.state === state)) return state;
  if (!isKnown) return 'waiting';
  return scopes.some(({ state }) => state === 'restored') ? 'restored' : 'ok';
}

function sums(scopes: readonly ScopeStatus[]) {
  const sums = { instances: 0, held: 0, dropped: 0 };
  for (const { instances, held, dropped } of scopes) {
    sums.instances += instances;
    sums.held += held;
    sums.dropped += dropped;
  }
  return sums;
}

function shown(scopes: readonly ScopeStatus[], limit: number, now: number) {
  const first = scopes.toSorted(troubleFirst).slice(0, limit);
  return { scopes: first.map((scope) => scopeOf(scope, now)), left: scopes.length - first.length };
}

function troubleFirst(a: ScopeStatus, b: ScopeStatus): number {
  return RANK[a.state] - RANK[b.state] || (a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0);
}

function scopeOf(status: ScopeStatus, now: number): ScopeView {
  const { scope, state, instances, held, dropped, at, error, failures, stale, restored } = status;
  const { nextAttempt, heldSince, heldUntil } = status;
  return {
    scope,
    state,
    instances,
    held,
    dropped,
    ...(at === undefined ? {} : { ageSeconds: Math.max(0, (now - at) / 1000) }),
    restored,
    stale,
    ...(error === undefined ? {} : { error }),
    failures,
    ...(nextAttempt === undefined ? {} : { nextAttempt: iso(nextAttempt) }),
    ...(heldSince === undefined ? {} : { heldSince: iso(heldSince) }),
    ...(heldUntil === undefined ? {} : { heldUntil: iso(heldUntil) }),
  };
}

/** The page of instances that was asked for. `selects`: whether the service of the query selects it. */
export function instancesOf(
  parts: SourceParts,
  query: InstancesQuery,
  selects: ((seen: SeenInstance) => boolean) | undefined,
): Looked<InstancesView> {
  const { source, scope, limit, offset } = query;
  const all = [...(parts.config?.sources.keys() ?? [])];
  if (source !== undefined && !all.includes(source)) return { unknown: unknownSource(parts, source) };
  const sources = source === undefined ? all : [source];
  if (scope !== undefined && !sources.some((name) => scopeNames(parts.world, name).includes(scope))) {
    const known = sources.flatMap((name) => scopeNames(parts.world, name));
    return { unknown: unknownName('scope', scope, known) };
  }
  const instances: SeenView[] = [];
  let total = 0;
  for (const name of sources) {
    for (const seen of parts.world.seen(name)) {
      if ((scope !== undefined && seen.scope !== scope) || selects?.(seen) === false) continue;
      if (total >= offset && instances.length < limit) instances.push(seenOf(seen));
      total += 1;
    }
  }
  return { found: { total, offset, left: Math.max(0, total - offset - instances.length), instances } };
}

function seenOf({ source, scope, seen, used, dropped, held }: SeenInstance): SeenView {
  return {
    source,
    scope,
    seen: instanceOf(seen),
    ...(used === undefined ? {} : { used: instanceOf(used) }),
    ...(dropped === undefined ? {} : { dropped }),
    held,
  };
}

function instanceOf({ weight, ...rest }: Instance): InstanceView {
  return weight === undefined ? rest : { ...rest, weight };
}
