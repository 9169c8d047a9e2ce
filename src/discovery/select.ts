import type { PortChoice, Service, ServiceFrom } from '../model/config.ts';
import type { Endpoint, Health, Instance, Locality } from '../model/instance.ts';
import { meetsCondition } from './conditions.ts';
import { type InstanceIndex, labelOf } from './instances.ts';

/**
 * The endpoints of one service: what its `from` entries select, and the ones written inline.
 * Sorted (priority, locality, address, port) and without doubles: an address and port that is
 * named twice counts once, at its lowest priority. An instance without the wanted port is left out.
 */
export function selectEndpoints(
  service: Service,
  instancesOf: (source: string) => InstanceIndex | undefined,
): readonly Endpoint[] {
  const found = [...service.endpoints];
  for (const from of service.from) {
    const index = instancesOf(from.source);
    if (index !== undefined) addSelected(found, from, index);
  }
  return withoutDoubles(found.sort(compareEndpoints));
}

/** Whether `from` selects this instance, its port left aside. */
export function selects(from: ServiceFrom, instance: Instance, serviceLabel: string | undefined): boolean {
  if (from.service !== undefined) {
    if (serviceLabel === undefined || labelOf(instance, serviceLabel) !== from.service) return false;
  }
  for (const [label, condition] of from.where) {
    if (!meetsCondition(labelOf(instance, label), condition)) return false;
  }
  return true;
}

function addSelected(found: Endpoint[], from: ServiceFrom, index: InstanceIndex): void {
  for (const instance of candidates(from, index)) {
    if (!selects(from, instance, index.serviceLabel)) continue;
    const port = choosePort(from.port, instance);
    if (port !== undefined) found.push(endpointOf(instance, port, from.priority));
  }
}

/** The fewest instances that an index can name; all that are selected are among them. */
function* candidates(from: ServiceFrom, index: InstanceIndex): Generator<Instance, void, void> {
  if (from.service !== undefined) {
    if (index.serviceLabel !== undefined) yield* index.withLabel(index.serviceLabel, from.service);
    return;
  }
  for (const [label, condition] of from.where) {
    if ('equals' in condition) return yield* index.withLabel(label, condition.equals);
    if ('oneOf' in condition) {
      for (const value of new Set(condition.oneOf)) yield* index.withLabel(label, value);
      return;
    }
  }
  yield* index.all();
}

/** The port by the user's choice. By default the unnamed one, or the only one there is. */
function choosePort(choice: PortChoice, instance: Instance): number | undefined {
  switch (choice.kind) {
    case 'default':
      return ownPort(instance, '') ?? onlyPort(instance);
    case 'constant':
      return choice.port;
    case 'named':
      return ownPort(instance, choice.name);
    case 'label':
      return parsePort(labelOf(instance, choice.label)) ?? choice.fallback;
  }
}

function ownPort(instance: Instance, name: string): number | undefined {
  return Object.hasOwn(instance.ports, name) ? instance.ports[name] : undefined;
}

function onlyPort(instance: Instance): number | undefined {
  const ports = Object.values(instance.ports);
  return ports.length === 1 ? ports[0] : undefined;
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function endpointOf(instance: Instance, port: number, priority: number): Endpoint {
  const { address, locality, health, weight } = instance;
  if (weight === undefined) return { address, port, locality, health, priority };
  return { address, port, locality, health, weight, priority };
}

/** Sorted, so the one that stays is the best of its kind. Nearly always every address comes once. */
function withoutDoubles(sorted: readonly Endpoint[]): readonly Endpoint[] {
  const addresses = new Set<string>();
  for (const { address } of sorted) addresses.add(address);
  if (addresses.size === sorted.length) return sorted;
  const seen = new Set<string>();
  return sorted.filter((endpoint) => {
    const key = `${endpoint.address} ${endpoint.port}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const HEALTH_ORDER: Readonly<Record<Health, number>> = { HEALTHY: 0, DEGRADED: 1, DRAINING: 2, UNHEALTHY: 3 };

/** Total over everything an endpoint holds, so the outcome does not depend on the order of reports. */
function compareEndpoints(left: Endpoint, right: Endpoint): number {
  return (
    left.priority - right.priority ||
    compareLocality(left.locality, right.locality) ||
    compareText(left.address, right.address) ||
    left.port - right.port ||
    HEALTH_ORDER[left.health] - HEALTH_ORDER[right.health] ||
    (left.weight ?? 0) - (right.weight ?? 0)
  );
}

function compareLocality(left: Locality, right: Locality): number {
  if (left === right) return 0;
  return (
    compareText(left.region, right.region) ||
    compareText(left.zone, right.zone) ||
    compareText(left.subZone, right.subZone)
  );
}

/** By code unit: the same on every machine, whatever its locale. */
function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
