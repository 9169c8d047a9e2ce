import type { Publication } from '../fleet/build.ts';
import type { SnapshotCache } from '../xds/cache.ts';
import type { Resource } from '../xds/resource.ts';
import { Snapshot, type TypeChanges } from '../xds/snapshot.ts';
import { TYPE_URL } from '../xds/type-urls.ts';

/** Types that every group's snapshot has, be they empty. */
const TYPES = [TYPE_URL.cluster, TYPE_URL.endpoint, TYPE_URL.secret, TYPE_URL.listener, TYPE_URL.route];

interface Step {
  readonly set: Resource[];
  readonly remove: string[];
}

/** Hands one step of a group to the cache as the successor of what is there. */
export function publish(cache: SnapshotCache, { group, revision, set, remove }: Publication): void {
  const before = cache.get(group);
  const steps = new Map<string, Step>(
    before === undefined ? TYPES.map((typeUrl) => [typeUrl, newStep()]) : [],
  );
  // Handed on as they are: what a build knows beyond the cache's needs is shared, not copied.
  for (const resource of set) stepOf(steps, resource.typeUrl).set.push(resource);
  for (const { typeUrl, name } of remove) stepOf(steps, typeUrl).remove.push(name);
  const changes: TypeChanges[] = [...steps].map(([typeUrl, step]) => ({ typeUrl, ...step }));
  cache.set(group, (before ?? Snapshot.EMPTY).with(changes, revision));
}

function stepOf(steps: Map<string, Step>, typeUrl: string): Step {
  const known = steps.get(typeUrl);
  if (known !== undefined) return known;
  const made = newStep();
  steps.set(typeUrl, made);
  return made;
}

function newStep(): Step {
  return { set: [], remove: [] };
}
