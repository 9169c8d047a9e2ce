import {
  compareLocality,
  compareMetadata,
  compareText,
  isSameLocality,
  withoutDoubles,
} from '../model/endpoint-order.ts';
import type { Endpoint, Health, Locality } from '../model/instance.ts';

/** Endpoints of one priority and locality, which sort before or after all of another. */
interface Place {
  readonly priority: number;
  readonly locality: Locality;
  readonly endpoints: Endpoint[];
}

/** Beyond it places are made anew rather than looked for, and joined at the end. */
const MOST_LOOKED_AT = 64;

/**
 * Sorts endpoints by priority, locality, address and port as they are added, and leaves out doubles:
 * an address and port that is named twice counts once, at its lowest priority. There are far fewer
 * places than endpoints, so nearly all comparisons are of addresses alone.
 */
export class Places {
  readonly #places: Place[] = [];

  #at(priority: number, locality: Locality): Place {
    const places = this.#places;
    const least = Math.max(0, places.length - MOST_LOOKED_AT);
    for (let index = places.length - 1; index >= least; index -= 1) {
      const place = places[index];
      if (place?.priority === priority && isSameLocality(place.locality, locality)) return place;
    }
    const made: Place = { priority, locality, endpoints: [] };
    places.push(made);
    return made;
  }

  /** The locality becomes the one that its place has: equal ones are one object, quick to compare. */
  add(endpoint: Endpoint): void {
    const { endpoints, locality } = this.#at(endpoint.priority, endpoint.locality);
    endpoints.push(endpoint.locality === locality ? endpoint : moved(endpoint, locality));
  }

  sorted(): readonly Endpoint[] {
    const [first, ...others] = joinEqual(this.#places.sort(comparePlaces));
    if (first === undefined) return [];
    const all = sortWithin(first.endpoints);
    for (const { endpoints } of others) for (const endpoint of sortWithin(endpoints)) all.push(endpoint);
    return withoutDoubles(all);
  }
}

/** Field by field: a spread is several times dearer, and every endpoint may come this way. */
function moved(
  { address, port, health, weight, priority, metadata }: Endpoint,
  locality: Locality,
): Endpoint {
  if (metadata !== undefined) return { address, port, locality, health, weight, priority, metadata };
  if (weight === undefined) return { address, port, locality, health, priority };
  return { address, port, locality, health, weight, priority };
}

function joinEqual(sorted: readonly Place[]): readonly Place[] {
  if (sorted.length <= MOST_LOOKED_AT) return sorted;
  const joined: Place[] = [];
  for (const place of sorted) {
    const last = joined.at(-1);
    if (last === undefined || comparePlaces(last, place) !== 0) joined.push(place);
    else for (const endpoint of place.endpoints) last.endpoints.push(endpoint);
  }
  return joined;
}

/** Looking is cheaper than sorting, and mostly they come in order. */
function sortWithin(endpoints: Endpoint[]): Endpoint[] {
  for (let index = 1; index < endpoints.length; index += 1) {
    const [before, here] = [endpoints[index - 1], endpoints[index]];
    if (before !== undefined && here !== undefined && compareWithin(before, here) > 0)
      return endpoints.sort(compareWithin);
  }
  return endpoints;
}

const HEALTH_ORDER: Readonly<Record<Health, number>> = { HEALTHY: 0, DEGRADED: 1, DRAINING: 2, UNHEALTHY: 3 };

function comparePlaces(left: Omit<Place, 'endpoints'>, right: Omit<Place, 'endpoints'>): number {
  return left.priority - right.priority || compareLocality(left.locality, right.locality);
}

/** The order of `sorted`: of two with the same address and port the first is the one that stays. */
export function compareEndpoints(left: Endpoint, right: Endpoint): number {
  return comparePlaces(left, right) || compareWithin(left, right);
}

/** Total over everything an endpoint holds, so the outcome does not depend on the order of reports. */
function compareWithin(left: Endpoint, right: Endpoint): number {
  return (
    compareText(left.address, right.address) ||
    left.port - right.port ||
    HEALTH_ORDER[left.health] - HEALTH_ORDER[right.health] ||
    (left.weight ?? 0) - (right.weight ?? 0) ||
    compareMetadata(left.metadata, right.metadata)
  );
}
