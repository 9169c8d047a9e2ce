import type { Instance } from '../../model/instance.ts';
import type { Facts } from './facts.ts';
import type { View } from './protocol.ts';
import { isStated, toInstance } from './view.ts';

export interface Changes {
  /** New, or other than reported. Sorted by id. */
  readonly set: readonly Instance[];
  readonly removed: readonly string[];
  readonly terminated: readonly string[];
  /** Everything that is reported now. */
  readonly reported: ReadonlyMap<string, Facts>;
}

/**
 * What a watch has to be told after `before`. Without it the watch may have a last good from before
 * a restart: then all that have ended are named, as any of them may be in there.
 */
export function changesSince(
  before: ReadonlyMap<string, Facts> | undefined,
  listed: ReadonlyMap<string, Facts>,
  view: View,
): Changes {
  const set: Instance[] = [];
  const reported = new Map<string, Facts>();
  for (const facts of listed.values()) {
    if (before?.get(facts.id) === facts) {
      reported.set(facts.id, facts);
      continue;
    }
    const instance = toInstance(facts, view);
    if (instance === undefined) continue;
    reported.set(facts.id, facts);
    set.push(instance);
  }
  const removed = [...(before?.keys() ?? [])].filter((id) => !reported.has(id));
  const gone = before === undefined ? [...listed.keys()].filter((id) => !reported.has(id)) : removed;
  const terminated = gone.filter((id) => {
    const facts = listed.get(id);
    return facts !== undefined && isStated(facts);
  });
  return { set, removed, terminated, reported };
}
