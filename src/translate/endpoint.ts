import type { Service } from '../model/config.ts';
import type { Endpoint, Health, Locality } from '../model/instance.ts';
import type { Message, Proto } from './proto.ts';
import { makeResource, type TranslatedResource } from './resource.ts';

export const ENDPOINT_TYPE = 'envoy.config.endpoint.v3.ClusterLoadAssignment';

/** Envoy's core.v3.HealthStatus. */
const HEALTH_STATUS: Readonly<Record<Health, number>> = {
  HEALTHY: 1,
  UNHEALTHY: 2,
  DRAINING: 3,
  DEGRADED: 5,
};

/** One cell: the endpoints of one service. The same endpoints in any order give the same bytes. */
export function endpointResource(
  service: Service,
  endpoints: readonly Endpoint[],
  proto: Proto,
): TranslatedResource {
  return makeResource(proto, {
    type: ENDPOINT_TYPE,
    name: service.name,
    message: loadAssignment(service.name, endpoints),
    origins: [service.origin],
  });
}

/**
 * Sorted by priority, locality and address. Priorities are renumbered without gaps (Envoy refuses
 * gaps); an address and port that comes twice stays once, where it has the best priority.
 */
export function loadAssignment(clusterName: string, endpoints: readonly Endpoint[]): Message {
  const localities: { locality?: Message; lbEndpoints: Message[]; priority: number }[] = [];
  const seen = new Set<string>();
  let priority = -1;
  let last: Endpoint | undefined;
  for (const endpoint of endpoints.toSorted(compare)) {
    const key = `${endpoint.address} ${endpoint.port}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (last?.priority !== endpoint.priority) priority += 1;
    const group = localities.at(-1);
    if (group === undefined || group.priority !== priority || !sameLocality(last, endpoint)) {
      localities.push({ ...localityOf(endpoint.locality), lbEndpoints: [lbEndpoint(endpoint)], priority });
    } else group.lbEndpoints.push(lbEndpoint(endpoint));
    last = endpoint;
  }
  return { clusterName, endpoints: localities };
}

function lbEndpoint({ address, port, health, weight }: Endpoint): Message {
  const message = {
    endpoint: { address: { socketAddress: { address, portValue: port } } },
    healthStatus: HEALTH_STATUS[health],
  };
  return weight === undefined ? message : { ...message, loadBalancingWeight: { value: weight } };
}

function localityOf({ region, zone, subZone }: Locality): { locality?: Message } {
  return region === '' && zone === '' && subZone === '' ? {} : { locality: { region, zone, subZone } };
}

function sameLocality(a: Endpoint | undefined, b: Endpoint): boolean {
  return a !== undefined && compareLocality(a.locality, b.locality) === 0;
}

/** A total order over everything that reaches the bytes, so that equal sets give equal bytes. */
function compare(a: Endpoint, b: Endpoint): number {
  return (
    a.priority - b.priority ||
    compareLocality(a.locality, b.locality) ||
    compareText(a.address, b.address) ||
    a.port - b.port ||
    HEALTH_STATUS[a.health] - HEALTH_STATUS[b.health] ||
    (a.weight ?? 0) - (b.weight ?? 0)
  );
}

function compareLocality(a: Locality, b: Locality): number {
  return a === b
    ? 0
    : compareText(a.region, b.region) || compareText(a.zone, b.zone) || compareText(a.subZone, b.subZone);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
