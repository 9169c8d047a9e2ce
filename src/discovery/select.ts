import type { Service, ServiceFrom } from '../model/config.ts';
import type { Endpoint, Instance } from '../model/instance.ts';
import { choosePort, inlineEndpoint, selectedEndpoint, unmetLabel } from './choose.ts';
import type { InstanceIndex } from './instances.ts';
import { Places } from './place.ts';

/**
 * The endpoints of one service: what its `from` entries select, and the ones written inline.
 * Sorted (priority, locality, address, port) and without doubles: an address and port that is
 * named twice counts once, at its lowest priority. An instance without the wanted port is left out.
 * With `failover` the priorities are those that Envoy sees, without gaps.
 */
export function selectEndpoints(
  service: Service,
  instancesOf: (source: string) => InstanceIndex | undefined,
): readonly Endpoint[] {
  const places = new Places();
  for (const endpoint of service.endpoints) places.add(inlineEndpoint(service, endpoint));
  for (const from of service.from) {
    const index = instancesOf(from.source);
    if (index !== undefined) addSelected(places, service, { from, index });
  }
  const sorted = places.sorted();
  return service.failover === undefined ? sorted : withoutGaps(sorted);
}

function addSelected(
  places: Places,
  service: Service,
  { from, index }: { readonly from: ServiceFrom; readonly index: InstanceIndex },
): void {
  for (const instances of candidates(from, index)) {
    for (const instance of instances) {
      if (from.where.size > 0 && unmetLabel(from.where, instance) !== undefined) continue;
      const port = choosePort(from.port, instance);
      if (port !== undefined) places.add(selectedEndpoint(service, from, instance, port));
    }
  }
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

/** `sorted` by priority. Which of them are used depends on what there is, so only now can they be numbered. */
function withoutGaps(sorted: readonly Endpoint[]): readonly Endpoint[] {
  let priority = -1;
  let last: number | undefined;
  return sorted.map((endpoint) => {
    if (endpoint.priority !== last) priority += 1;
    last = endpoint.priority;
    return endpoint.priority === priority ? endpoint : { ...endpoint, priority };
  });
}
