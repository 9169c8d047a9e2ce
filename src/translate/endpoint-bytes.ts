import type { Service } from '../model/config.ts';
import { isSameLocality } from '../model/endpoint-order.ts';
import type { Endpoint, EndpointMetadata, Health, Locality } from '../model/instance.ts';
import { BackwardWriter } from './backward-writer.ts';
import { localityWeight } from './locality-weights.ts';
import { LB_FILTER } from './metadata.ts';

/** Envoy's core.v3.HealthStatus. */
export const HEALTH_STATUS: Readonly<Record<Health, number>> = {
  HEALTHY: 1,
  UNHEALTHY: 2,
  DRAINING: 3,
  DEGRADED: 5,
};

/** Envoy's constraint on LocalityLbEndpoints.priority. */
const MOST_PRIORITIES = 129;

/** What a cell takes from its service besides the endpoints. */
export type Assigned = Pick<Service, 'name' | 'localityWeights'>;

/** Kept between calls, which are synchronous and copy out: most services take less than a kilobyte. */
const writer = new BackwardWriter();

/**
 * The bytes of a ClusterLoadAssignment in one pass, many times cheaper than a message that is
 * checked and then encoded: endpoints are most of what a build makes, and all of what changes by
 * the second. A test holds the bytes equal to the registry's.
 *
 * `endpoints` are sorted, each address and port once. undefined where something is not plain: text
 * beyond ASCII, or a value that breaks one of Envoy's constraints. The registry knows what to say.
 */
export function assignmentBytes(service: Assigned, endpoints: readonly Endpoint[]): Uint8Array | undefined {
  let priority = countPriorities(endpoints) - 1;
  if (priority >= MOST_PRIORITIES || service.name === '') return undefined;
  writer.start();
  for (let at = endpoints.length - 1; at >= 0; ) {
    const next = writeGroup(endpoints, at, priority, service);
    if (next === undefined) return undefined;
    if (next >= 0 && endpoints[next]?.priority !== endpoints[at]?.priority) priority -= 1;
    at = next;
  }
  writer.text(0x0a, service.name); // cluster_name = 1
  return writer.finish();
}

function countPriorities(endpoints: readonly Endpoint[]): number {
  let count = 0;
  let last: number | undefined;
  for (const { priority } of endpoints) {
    if (priority !== last) count += 1;
    last = priority;
  }
  return count;
}

/** LocalityLbEndpoints of those that stand at `from` and before it; answers where the next group ends. */
function writeGroup(
  endpoints: readonly Endpoint[],
  from: number,
  priority: number,
  service: Assigned,
): number | undefined {
  const end = writer.mark();
  const last = endpoints[from];
  if (last === undefined) return undefined;
  if (priority > 0) writer.number(0x28, priority); // priority = 5
  if (!writeLocalityWeight(service, last.locality)) return undefined;
  let at = from;
  for (let one = endpoints[at]; one !== undefined && isSameGroup(one, last); one = endpoints[at]) {
    if (!isPlain(one)) return undefined;
    writeEndpoint(one);
    at -= 1;
  }
  writeLocality(last.locality);
  writer.close(0x12, end); // endpoints = 2
  return at;
}

/** False where the weight breaks Envoy's constraint. */
function writeLocalityWeight(service: Assigned, locality: Locality): boolean {
  const weight = localityWeight(service, locality);
  if (weight === undefined) return true;
  if (!isWithin(weight, 1, 0xffff_ffff)) return false;
  const end = writer.mark();
  writer.number(0x08, weight); // value = 1
  writer.close(0x1a, end); // load_balancing_weight = 3
  return true;
}

function isSameGroup(a: Endpoint, b: Endpoint): boolean {
  return a.priority === b.priority && isSameLocality(a.locality, b.locality);
}

/** Envoy's constraints on what an endpoint brings. */
function isPlain({ address, port, weight }: Endpoint): boolean {
  if (address === '' || !isWithin(port, 0, 0xffff)) return false;
  return weight === undefined || isWithin(weight, 1, 0xffff_ffff);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** LbEndpoint, last field first. */
function writeEndpoint({ address, port, health, weight, metadata }: Endpoint): void {
  const end = writer.mark();
  if (weight !== undefined) {
    writer.number(0x08, weight); // value = 1
    writer.close(0x22, end); // load_balancing_weight = 4
  }
  if (metadata !== undefined) writeMetadata(metadata);
  writer.number(0x10, HEALTH_STATUS[health]); // health_status = 2
  const inner = writer.mark();
  writer.number(0x18, port); // port_value = 3
  writer.text(0x12, address); // address = 2
  writer.close(0x0a, inner); // socket_address = 1
  writer.close(0x0a, inner); // address = 1
  writer.close(0x0a, inner); // endpoint = 1
  writer.close(0x12, end); // lb_endpoints = 2
}

/** core.v3.Metadata with one filter, whose Struct holds text alone. */
function writeMetadata(metadata: EndpointMetadata): void {
  const end = writer.mark();
  for (let index = metadata.length - 1; index >= 0; index -= 1) {
    const entry = metadata[index];
    if (entry !== undefined) writeField(entry[0], entry[1]);
  }
  writer.close(0x12, end); // value = 2: the Struct
  writer.text(0x0a, LB_FILTER); // key = 1
  writer.close(0x0a, end); // filter_metadata = 1
  writer.close(0x1a, end); // metadata = 3
}

function writeField(key: string, value: string): void {
  const end = writer.mark();
  writer.text(0x1a, value); // string_value = 3
  writer.close(0x12, end); // value = 2
  writer.text(0x0a, key); // key = 1
  writer.close(0x0a, end); // fields = 1
}

function writeLocality({ region, zone, subZone }: Locality): void {
  if (region === '' && zone === '' && subZone === '') return;
  const end = writer.mark();
  if (subZone !== '') writer.text(0x1a, subZone); // sub_zone = 3
  if (zone !== '') writer.text(0x12, zone); // zone = 2
  if (region !== '') writer.text(0x0a, region); // region = 1
  writer.close(0x0a, end); // locality = 1
}
