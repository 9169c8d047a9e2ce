import type { PortChoice, Service, ServiceFrom } from '../model/config.ts';
import type { Endpoint, Instance, Locality } from '../model/instance.ts';
import { meetsCondition } from './conditions.ts';
import { type InstanceIndex, labelOf } from './instances.ts';
import { Places } from './place.ts';

/**
 * The endpoints of one service: what its `from` entries select, and the ones written inline.
 * Sorted (priority, locality, address, port) and without doubles: an address and port that is
 * named twice counts once, at its lowest priority. An instance without the wanted port is left out.
 */
export function selectEndpoints(
  service: Service,
  instancesOf: (source: string) => InstanceIndex | undefined,
): readonly Endpoint[] {
  const places = new Places();
  for (const endpoint of service.endpoints)
    places.at(endpoint.priority, endpoint.locality).endpoints.push(endpoint);
  for (const from of service.from) {
    const index = instancesOf(from.source);
    if (index !== undefined) addSelected(places, from, index);
  }
  return places.sorted();
}

function addSelected(places: Places, from: ServiceFrom, index: InstanceIndex): void {
  for (const instances of candidates(from, index)) {
    for (const instance of instances) {
      if (from.where.size > 0 && !meetsAll(from.where, instance)) continue;
      const port = choosePort(from.port, instance);
      if (port === undefined) continue;
      const { endpoints, locality } = places.at(from.priority, instance.locality);
      endpoints.push(endpointOf(instance, port, locality, from.priority));
    }
  }
}

function meetsAll(where: ServiceFrom['where'], instance: Instance): boolean {
  for (const [label, condition] of where) {
    if (!meetsCondition(labelOf(instance, label), condition)) return false;
  }
  return true;
}

/** The fewest instances that an index can name: those of the service asked for, and all that meet `where`. */
function candidates(from: ServiceFrom, index: InstanceIndex): Iterable<readonly Instance[]> {
  if (from.service !== undefined) {
    return index.serviceLabel === undefined ? [] : index.withLabel(index.serviceLabel, from.service);
  }
  for (const [label, condition] of from.where) {
    if ('equals' in condition) return index.withLabel(label, condition.equals);
    if ('oneOf' in condition) {
      return [...new Set(condition.oneOf)].flatMap((value) => [...index.withLabel(label, value)]);
    }
  }
  return index.lists();
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

/** The locality is the one its place has: equal localities become one object, quick to compare. */
function endpointOf(instance: Instance, port: number, locality: Locality, priority: number): Endpoint {
  const { address, health, weight } = instance;
  if (weight === undefined) return { address, port, locality, health, priority };
  return { address, port, locality, health, weight, priority };
}
