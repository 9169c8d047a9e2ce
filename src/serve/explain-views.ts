import type { ChosenView, ExplainView, FromView } from '../api/explain-view.ts';
import type { ExplainQuery, Looked } from '../api/ports.ts';
import { type ExplainRow, explainService } from '../discovery/explain.ts';
import { SOURCES } from '../discovery/index.ts';
import type { SourceAdapter } from '../discovery/source.ts';
import type { SeenInstance } from '../fleet/seen.ts';
import type { World } from '../fleet/world.ts';
import type { Service, ServiceFrom } from '../model/config.ts';
import { iso } from './node-views.ts';
import { plainOf } from './plain.ts';
import { Reasons } from './reasons.ts';
import { type SourceParts, sourcesOf } from './source-views.ts';
import { unknownName } from './unknown-name.ts';
import { unmetBy } from './unmet.ts';

export interface ExplainParts extends SourceParts {
  readonly world: SourceParts['world'] & Pick<World, 'endpoints' | 'heldServices'>;
}

/** Held endpoints that are named. */
const EXAMPLES = 3;

/** Where the endpoints of a service come from, and why. */
export function explainOf(parts: ExplainParts, { service: name, limit }: ExplainQuery): Looked<ExplainView> {
  const service = parts.config?.services.get(name);
  if (service === undefined) return { unknown: unknownService(parts, name) };
  const { seen, rows } = rowsOf(parts, service);
  const stale = staleScopes(parts, service);
  const chosen = rows.flatMap((row) => chosenOf(row, seen.get(keyOf(row)), stale));
  const { endpoints, known } = parts.world.endpoints(name);
  const { name: _name, origin, from, endpoints: inline, ...settings } = service;
  return {
    found: {
      service: name,
      origin: { object: origin.object, ...placeOf(origin) },
      known,
      settings: plainOf(settings),
      endpoints: endpoints.length,
      inline: inline.length,
      from: from.map((one, index) => {
        const own = rows.filter((row) => row.from === index);
        return fromView(parts, { from: one, index, rows: own, seen });
      }),
      chosen: chosen.toSorted((a, b) => a.priority - b.priority).slice(0, limit),
      left: Math.max(0, chosen.length - limit),
      ...heldOf(parts, name, chosen),
    },
  };
}

/** Whether the service selects an instance by any of its entries. */
export function selectedBy(parts: SourceParts, name: string): Looked<(seen: SeenInstance) => boolean> {
  const service = parts.config?.services.get(name);
  if (service === undefined) return { unknown: unknownService(parts, name) };
  const { rows } = rowsOf(parts, service);
  const keys = new Set(rows.filter(({ endpoint }) => endpoint !== undefined).map(keyOf));
  return { found: ({ source, scope, seen }) => keys.has(keyOf({ source, scope, id: seen.id })) };
}

function rowsOf(parts: SourceParts, service: Service) {
  const seen = new Map<string, SeenInstance>();
  for (const source of new Set(service.from.map((one) => one.source)))
    for (const one of parts.world.seen(source))
      seen.set(keyOf({ source, scope: one.scope, id: one.seen.id }), one);
  const asked = [...seen.values()].map(({ source, scope, seen: as, used, dropped }) => ({
    ...{ source, scope, instance: used ?? as },
    dropped: used === undefined ? (dropped ?? 'it is not served') : undefined,
  }));
  return { seen, rows: explainService(service, asked, (source) => labelOf(parts, source)) };
}

/** The label by which a source names its services. */
function labelOf({ config }: SourceParts, source: string): string | undefined {
  const adapters: Readonly<Record<string, SourceAdapter<unknown>>> = SOURCES;
  return adapters[config?.sources.get(source)?.kind ?? '']?.serviceLabel;
}

interface Entry {
  readonly from: ServiceFrom;
  readonly index: number;
  readonly rows: readonly ExplainRow[];
  readonly seen: ReadonlyMap<string, SeenInstance>;
}

function fromView(parts: ExplainParts, { from, index, rows, seen }: Entry): FromView {
  const reasons = new Reasons();
  const label = labelOf(parts, from.source);
  for (const row of rows) {
    if (row.endpoint !== undefined) continue;
    const used = seen.get(keyOf(row))?.used;
    const unmet = used === undefined ? undefined : unmetBy(from, label, used);
    reasons.add(unmet ?? { reason: row.reason ?? 'no reason is known' }, row.id);
  }
  const looked = sourcesOf(parts, { source: from.source, limit: 0 }, 0);
  return {
    index,
    source: from.source,
    state: 'found' in looked ? (looked.found[0]?.state ?? 'unknown') : 'unknown',
    selection: plainOf(from),
    chosen: rows.filter(({ endpoint }) => endpoint !== undefined).length,
    ...reasons.view(),
  };
}

function staleScopes({ world }: SourceParts, { from }: Service): ReadonlySet<string> {
  const stale = from.flatMap(({ source }) => world.scopes(source).map((one) => ({ source, ...one })));
  return new Set(
    stale.filter((one) => one.stale).map(({ source, scope }) => keyOf({ source, scope, id: '' })),
  );
}

function chosenOf(
  { from, source, scope, id, endpoint }: ExplainRow,
  seen: SeenInstance | undefined,
  staleScopes: ReadonlySet<string>,
): readonly ChosenView[] {
  if (endpoint === undefined) return [];
  const { address, port, priority, locality, health, weight, metadata } = endpoint;
  const stale = staleScopes.has(keyOf({ source, scope, id: '' }));
  const place =
    from === undefined || source === undefined || scope === undefined ? {} : { from, source, scope };
  return [
    {
      ...place,
      ...{ id, address, port, priority, locality },
      // What is too old is degraded as it is served, and the instance stays as it was seen.
      health: stale && health === 'HEALTHY' ? 'DEGRADED' : health,
      ...(weight === undefined ? {} : { weight }),
      ...(metadata === undefined ? {} : { metadata: Object.fromEntries(metadata) }),
      held: seen?.held === true,
      stale,
    },
  ];
}

/** Held by the guard of the service itself: endpoints that no instance gives any more. */
function heldOf(
  { world }: ExplainParts,
  service: string,
  chosen: readonly ChosenView[],
): Pick<ExplainView, 'held'> {
  const found = world.heldServices().find((one) => one.service === service);
  if (found === undefined) return {};
  const given = new Set(chosen.map(hostPort));
  const missing = world
    .endpoints(service)
    .endpoints.map(hostPort)
    .filter((one) => !given.has(one));
  const { held: endpoints, since, until, source, scope } = found;
  const examples = missing.slice(0, EXAMPLES);
  return { held: { endpoints, since: iso(since), until: iso(until), source, scope, examples } };
}

function hostPort({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function keyOf({
  source = '',
  scope = '',
  id,
}: Partial<Pick<ExplainRow, 'source' | 'scope'>> & { id: string }): string {
  return `${source}\n${scope}\n${id}`;
}

function unknownService({ config }: SourceParts, name: string): string {
  return unknownName('service', name, [...(config?.services.keys() ?? [])]);
}

function placeOf({ file, line }: Service['origin']) {
  return { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}
