import { faultKind } from '../../aws/fault.ts';
import type { Ec2Calls, Page, PageRequest } from './calls.ts';
import type { Facts } from './facts.ts';
import type { Filter, ListingRequest } from './protocol.ts';

const ZONE_FILTER = 'availability-zone';
/** A token that leads round in a circle would else be followed for ever. */
const MOST_PAGES = 2_000;
/** Either of them says that an instance cannot be relied on. */
const IMPAIRED: readonly Filter[] = ['instance-status.status', 'system-status.status'].map((name) => ({
  name,
  values: ['impaired'],
}));

/** Every instance that matches, by id, or a throw: never a part of them (SRC9). */
export async function listInstances(
  calls: Ec2Calls,
  request: ListingRequest,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Facts>> {
  const listed = await acrossZones(calls, request.filters, signal);
  const impaired = request.statusChecks ? await impairedIds(calls, signal) : undefined;
  const tagged =
    request.interfaceTag === undefined ? undefined : await taggedIds(calls, request.interfaceTag, signal);
  const found = new Map<string, Facts>();
  for (const facts of listed) found.set(facts.id, completed(facts, impaired, tagged));
  return found;
}

/**
 * One list of the region. While a zone is impaired the API may fail for all of it, and answer for
 * each zone: then every zone has to answer, or the listing has failed.
 */
async function acrossZones(
  calls: Ec2Calls,
  filters: readonly Filter[],
  signal: AbortSignal,
): Promise<readonly Facts[]> {
  const list = (of: readonly Filter[]) => everyPage((page) => calls.instances(page), of, signal);
  try {
    return await list(filters);
  } catch (error) {
    if (faultKind(error) !== 'server' || signal.aborted) throw error;
    const zones = await zonesOf(calls, filters, signal).catch(() => []);
    // One zone's list is the same call as before.
    if (zones.length < 2) throw error;
    const others = filters.filter(({ name }) => name !== ZONE_FILTER);
    const all: Facts[] = [];
    for (const zone of zones) all.push(...(await list([...others, { name: ZONE_FILTER, values: [zone] }])));
    return all;
  }
}

async function zonesOf(calls: Ec2Calls, filters: readonly Filter[], signal: AbortSignal) {
  const wanted = filters.find(({ name }) => name === ZONE_FILTER)?.values;
  // A wildcard is no zone's name: the zones that it may stand for are not known here.
  if (wanted !== undefined) return wanted.some((zone) => /[*?]/.test(zone)) ? [] : wanted;
  return [...(await calls.zones(signal))].sort();
}

/** Follows every page. A token that has expired makes the pages so far worthless: from the start, once. */
async function everyPage<T>(
  call: (page: PageRequest) => Promise<Page<T>>,
  filters: readonly Filter[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  let began = false;
  const follow = async (): Promise<readonly T[]> => {
    const all: T[] = [];
    const seen = new Set<string>();
    let nextToken: string | undefined;
    do {
      const page = await call({ filters, nextToken, signal });
      began = true;
      for (const item of page.items) all.push(item);
      nextToken = page.nextToken;
      if (nextToken !== undefined && (seen.has(nextToken) || seen.size >= MOST_PAGES))
        throw new Error('its pages do not end: the same page was offered again');
      if (nextToken !== undefined) seen.add(nextToken);
    } while (nextToken !== undefined);
    return all;
  };
  try {
    return await follow();
  } catch (error) {
    if (!began || faultKind(error) !== 'token') throw error;
    return follow();
  }
}

async function impairedIds(calls: Ec2Calls, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const filter of IMPAIRED) {
    for (const id of await everyPage((page) => calls.statuses(page), [filter], signal)) ids.add(id);
  }
  return ids;
}

async function taggedIds(
  calls: Ec2Calls,
  { key, value }: NonNullable<ListingRequest['interfaceTag']>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const filter =
    value === undefined ? { name: 'tag-key', values: [key] } : { name: `tag:${key}`, values: [value] };
  return new Set(await everyPage((page) => calls.interfaces(page), [filter], signal));
}

function completed(facts: Facts, impaired?: ReadonlySet<string>, tagged?: ReadonlySet<string>): Facts {
  if (impaired === undefined && tagged === undefined) return facts;
  const interfaces =
    tagged === undefined
      ? facts.interfaces
      : facts.interfaces.map((one) => ({ ...one, tagged: tagged.has(one.id) }));
  return { ...facts, interfaces, impaired: impaired?.has(facts.id) ?? false };
}
