import type { Failover } from './config.ts';
import type { Endpoint, EndpointMetadata, Locality } from './instance.ts';

/** Quick where equal localities are one object. */
export function isSameLocality(a: Locality, b: Locality): boolean {
  return a === b || (a.region === b.region && a.zone === b.zone && a.subZone === b.subZone);
}

/** By region, zone and sub-zone. */
export function compareLocality(left: Locality, right: Locality): number {
  if (isSameLocality(left, right)) return 0;
  return (
    compareText(left.region, right.region) ||
    compareText(left.zone, right.zone) ||
    compareText(left.subZone, right.subZone)
  );
}

/** Priorities by the user's numbers first, then by where an endpoint stands. Gaps are closed later. */
export function rankedPriority(priority: number, locality: Locality, failover: Failover | undefined): number {
  if (failover === undefined) return priority;
  const { by, order } = failover;
  const rank = order.indexOf(locality[by]);
  return priority * (order.length + 1) + (rank === -1 ? order.length : rank);
}

/** Any total order: it decides which of two that are otherwise equal stays. */
export function compareMetadata(
  left: EndpointMetadata | undefined,
  right: EndpointMetadata | undefined,
): number {
  if (left === right) return 0;
  return compareText(JSON.stringify(left ?? []), JSON.stringify(right ?? []));
}

/** By code unit: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left === right ? 0 : 1;
}

/**
 * Each address and port once: of sorted endpoints the one that stays is the best of its kind. Where
 * there are no doubles, which is nearly always, the answer is the list itself.
 */
export function withoutDoubles(sorted: readonly Endpoint[]): readonly Endpoint[] {
  if (isSurelyDistinct(sorted)) return sorted;
  const seen = new Set<string>();
  const distinct = sorted.filter(({ address, port }) => {
    const key = `${port} ${address}`;
    return !seen.has(key) && seen.add(key);
  });
  return distinct.length === sorted.length ? sorted : distinct;
}

const BITS = 1 << 14;
/** One bit for each value of a small hash. Empty between calls, which are synchronous. */
const taken = new Int32Array(BITS / 32);

/** Whether no two share a hash. A set of twenty texts costs ten times as much, and a build has thousands. */
function isSurelyDistinct(endpoints: readonly Endpoint[]): boolean {
  if (endpoints.length > BITS / 64) return false;
  taken.fill(0);
  for (const { address, port } of endpoints) {
    const hash = smallHash(address, port);
    const bit = 1 << (hash & 31);
    const word = taken[hash >>> 5] ?? 0;
    if ((word & bit) !== 0) return false;
    taken[hash >>> 5] = word | bit;
  }
  return true;
}

/** Addresses of one service differ mostly at the end. */
function smallHash(address: string, port: number): number {
  let hash = port;
  for (let at = Math.max(0, address.length - 6); at < address.length; at += 1) {
    hash = Math.imul(hash, 31) + address.charCodeAt(at);
  }
  return (Math.imul(hash, 0x9e3779b1) >>> 18) & (BITS - 1);
}
