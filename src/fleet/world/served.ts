import type { Instance } from '../../model/instance.ts';
import { sameInstance } from '../same.ts';
import type { Intake } from './intake.ts';

/** One instance as it is served, before and after. */
export interface InstanceChange {
  readonly before: Instance | undefined;
  readonly after: Instance | undefined;
}

/** What is served of one scope: each id once, after relabelling. */
export class Served {
  #byId: ReadonlyMap<string, Instance> = new Map();
  #list: readonly Instance[] = [];
  #dropped = 0;

  /** Answers what differs. */
  update(items: readonly Instance[], intake: Intake): readonly InstanceChange[] {
    const byId = new Map<string, Instance>();
    for (const item of items) {
      const { used } = intake(item);
      if (used !== undefined && !byId.has(used.id)) byId.set(used.id, used);
    }
    const changes = changesBetween(this.#byId, byId);
    this.#byId = byId;
    this.#list = [...byId.values()];
    this.#dropped = items.length - byId.size;
    return changes;
  }

  get list(): readonly Instance[] {
    return this.#list;
  }

  /** Of the last items, those that are not served. */
  get dropped(): number {
    return this.#dropped;
  }
}

function changesBetween(
  before: ReadonlyMap<string, Instance>,
  after: ReadonlyMap<string, Instance>,
): readonly InstanceChange[] {
  const changes: InstanceChange[] = [];
  for (const [id, instance] of after) {
    const last = before.get(id);
    if (last === undefined || !sameInstance(last, instance)) changes.push({ before: last, after: instance });
  }
  for (const [id, instance] of before) {
    if (!after.has(id)) changes.push({ before: instance, after: undefined });
  }
  return changes;
}
