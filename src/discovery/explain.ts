import type { Service, ServiceFrom } from '../model/config.ts';
import type { Endpoint, Instance } from '../model/instance.ts';
import { choosePort, inlineEndpoint, selectedEndpoint } from './choose.ts';
import { InstanceIndex } from './instances.ts';
import { compareEndpoints } from './place.ts';
import { quoted, refusal } from './refusal.ts';
import { selectEndpoints } from './select.ts';

/** One instance that a source reported, after relabelling where it was not dropped. */
export interface SeenForService {
  readonly source: string;
  readonly scope: string;
  readonly instance: Instance;
  /** Why it is not served whatever the service asks for. */
  readonly dropped?: string | undefined;
}

/** What became of one seen instance under one `from` entry. */
export interface ExplainRow {
  /** Position in `from`; undefined: an endpoint written in the service itself. */
  readonly from: number | undefined;
  readonly source: string | undefined;
  readonly scope: string | undefined;
  /** The source's id of the instance; the address of an inline endpoint. */
  readonly id: string;
  readonly address: string;
  /** As it is served; undefined: it is not. */
  readonly endpoint: Endpoint | undefined;
  /** Why it is not, in words. */
  readonly reason: string | undefined;
}

/** `serviceLabel`: the label by which a source names its services. */
export type ServiceLabelOf = (source: string) => string | undefined;

/**
 * Which instances a service has and why it does not have the others: one row for each `from` entry
 * and each instance of its source, in that order, then the inline endpoints. The endpoints are those
 * that `selectEndpoints` makes of the same instances; what the shrink guard holds is not among them.
 */
export function explainService(
  service: Service,
  seen: Iterable<SeenForService>,
  serviceLabel: ServiceLabelOf,
): readonly ExplainRow[] {
  const all = [...seen];
  const indexes = indexesOf(all, serviceLabel);
  const asked = service.from.flatMap((from, index) =>
    all
      .filter(({ source }) => source === from.source)
      .map((one) => explainOne(service, { from, index, one, label: serviceLabel(from.source) })),
  );
  const rows = [...asked, ...service.endpoints.map((one) => inlineRow(service, one))];
  return asServed(
    rows,
    selectEndpoints(service, (source) => indexes.get(source)),
  );
}

interface Asked {
  readonly from: ServiceFrom;
  readonly index: number;
  readonly one: SeenForService;
  readonly label: string | undefined;
}

function explainOne(service: Service, { from, index, one, label }: Asked): ExplainRow {
  const { source, scope, instance, dropped } = one;
  const { id, address } = instance;
  const reason = dropped ?? refusal(from, instance, label);
  const port = reason === undefined ? choosePort(from.port, instance) : undefined;
  const endpoint = port === undefined ? undefined : selectedEndpoint(service, from, instance, port);
  return { from: index, source, scope, id, address, endpoint, reason };
}

function inlineRow(service: Service, one: Endpoint): ExplainRow {
  const { address } = one;
  const endpoint = inlineEndpoint(service, one);
  return {
    from: undefined,
    source: undefined,
    scope: undefined,
    id: address,
    address,
    endpoint,
    reason: undefined,
  };
}

/** With the priorities that are served, and each address and port once. */
function asServed(rows: readonly ExplainRow[], selected: readonly Endpoint[]): readonly ExplainRow[] {
  const served = new Map(selected.map((one) => [keyOf(one), one]));
  const best = new Map<string, { readonly row: ExplainRow; readonly endpoint: Endpoint }>();
  for (const row of rows) {
    const { endpoint } = row;
    if (endpoint === undefined) continue;
    const before = best.get(keyOf(endpoint));
    if (before === undefined || compareEndpoints(endpoint, before.endpoint) < 0)
      best.set(keyOf(endpoint), { row, endpoint });
  }
  return rows.map((row) => {
    const winner = row.endpoint === undefined ? undefined : best.get(keyOf(row.endpoint));
    if (winner === undefined || row.endpoint === undefined) return row;
    if (winner.row === row) return { ...row, endpoint: served.get(keyOf(row.endpoint)) };
    return {
      ...row,
      endpoint: undefined,
      reason: `the same address and port is served by ${nameOf(winner.row)}`,
    };
  });
}

function nameOf({ from, id }: ExplainRow): string {
  return from === undefined ? 'an endpoint of the service itself' : `${quoted(id)} of from[${from}]`;
}

function indexesOf(
  seen: readonly SeenForService[],
  serviceLabel: ServiceLabelOf,
): ReadonlyMap<string, InstanceIndex> {
  const served = seen.filter(({ dropped }) => dropped === undefined);
  const indexes = new Map<string, InstanceIndex>();
  for (const [source, ofSource] of Map.groupBy(served, (one) => one.source)) {
    const index = new InstanceIndex(serviceLabel(source));
    for (const [scope, some] of Map.groupBy(ofSource, (one) => one.scope))
      index.replace(
        scope,
        some.map(({ instance }) => instance),
      );
    indexes.set(source, index);
  }
  return indexes;
}

function keyOf({ address, port }: Endpoint): string {
  return `${port} ${address}`;
}
