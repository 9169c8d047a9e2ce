import type { Health, Instance } from '../../model/instance.ts';
import type { HealthEntry } from './entries.ts';
import type { ConsulOptions } from './schema.ts';

export const SERVICE_LABEL = 'consul.service';

type HealthMap = Pick<ConsulOptions, 'warning' | 'critical' | 'maintenance'>;
type Status = 'passing' | 'warning' | 'critical' | 'maintenance';

const LEAST_WEIGHT = 1;
const MOST_WEIGHT = 128;

/** The instances of one service, sorted by id. Output of checks and indexes are in none of it (SRC6). */
export function instancesOf(entries: readonly HealthEntry[], map: HealthMap): readonly Instance[] {
  const byId = new Map(entries.map((entry) => [idOf(entry), instanceOf(entry, map)]));
  return [...byId.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}

function instanceOf(entry: HealthEntry, map: HealthMap): Instance {
  const { Node: node, Service: service } = entry;
  const status = statusOf(entry);
  const weight = weightOf(entry, status);
  const place = service.Locality ?? node.Locality;
  const instance = {
    id: idOf(entry),
    address: service.Address === '' ? node.Address : service.Address,
    ports: service.Port === 0 ? {} : { '': service.Port },
    locality: { region: place?.Region ?? '', zone: place?.Zone ?? '', subZone: '' },
    health: weight === 0 ? 'UNHEALTHY' : healthOf(status, map),
    labels: labelsOf(entry, status),
  } as const;
  return weight === undefined || weight === 0 ? instance : { ...instance, weight };
}

function idOf({ Node: node, Service: service }: HealthEntry): string {
  return `${node.Node}/${service.ID}`;
}

/** The worst of its checks and its node's; maintenance is a check of its own. */
function statusOf({ Checks: checks }: HealthEntry): Status {
  let worst: Status = 'passing';
  for (const { CheckID: id, Status: status } of checks) {
    if (id === '_node_maintenance' || id.startsWith('_service_maintenance:')) return 'maintenance';
    if (status === 'critical') worst = 'critical';
    else if (status === 'warning' && worst === 'passing') worst = 'warning';
  }
  return worst;
}

/** SRC8: what is not well stays in EDS, for Envoy to see. */
function healthOf(status: Status, map: HealthMap): Health {
  const words = {
    degraded: 'DEGRADED',
    healthy: 'HEALTHY',
    unhealthy: 'UNHEALTHY',
    draining: 'DRAINING',
  } as const;
  return status === 'passing' ? 'HEALTHY' : words[map[status]];
}

/** 0 takes the instance out of rotation; Envoy's own bounds are 1 and, as Consul's are larger, 128. */
function weightOf({ Service: { Weights: weights } }: HealthEntry, status: Status): number | undefined {
  const weight = status === 'warning' ? weights?.Warning : weights?.Passing;
  if (weight === undefined || weight <= 0) return weight === undefined ? undefined : 0;
  return Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, Math.round(weight)));
}

function labelsOf({ Node: node, Service: service }: HealthEntry, status: Status): Record<string, string> {
  return Object.fromEntries([
    [SERVICE_LABEL, service.Service],
    ['consul.serviceId', service.ID],
    ['consul.node', node.Node],
    ['consul.dc', node.Datacenter],
    ['consul.health', status],
    ['consul.tags', `,${service.Tags.map((tag) => `${tag},`).join('')}`],
    ...(service.Namespace === undefined ? [] : [['consul.namespace', service.Namespace] as const]),
    ...(service.Partition === undefined ? [] : [['consul.partition', service.Partition] as const]),
    ...service.Tags.map((tag) => [`consul.tag.${tag}`, 'true'] as const),
    ...Object.entries(service.Meta).map(([key, value]) => [`consul.meta.${key}`, value] as const),
    ...Object.entries(node.Meta).map(([key, value]) => [`consul.nodeMeta.${key}`, value] as const),
  ]);
}
