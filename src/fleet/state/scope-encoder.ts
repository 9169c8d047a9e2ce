import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Instance } from '../../model/instance.ts';
import type { Entry } from './part-files.ts';
import { json, SHARDS, shardOf } from './records.ts';
import type { ScopeRecord } from './state.ts';

/** Up to this many instances are one part. */
const ONE_PART = 500;

/**
 * Writes a scope down in parts, and remembers what it last wrote: of twenty thousand instances only
 * the parts with one that changed are serialised again, each in a turn of its own, so that no push waits.
 */
export class ScopeEncoder {
  readonly #key: string;
  #last: readonly (readonly Instance[])[] = [];
  #parts: readonly Uint8Array[] = [];

  constructor(key: string) {
    this.#key = key;
  }

  async encode({ source, scope, at, instances }: ScopeRecord): Promise<Entry> {
    const shards = spread(instances);
    const parts: Uint8Array[] = [];
    for (const [index, shard] of shards.entries()) {
      const kept = isSame(shard, this.#last[index]) ? this.#parts[index] : undefined;
      if (kept === undefined && index > 0) await nextTurn();
      parts.push(kept ?? json(shard));
    }
    this.#last = shards;
    this.#parts = parts;
    const named = new Map(parts.map((bytes, index) => [`instances-${index}`, bytes]));
    return { key: this.#key, facts: { source, scope, at }, parts: named };
  }
}

function spread(instances: readonly Instance[]): readonly (readonly Instance[])[] {
  if (instances.length <= ONE_PART) return [instances];
  const shards: Instance[][] = Array.from({ length: SHARDS }, () => []);
  for (const instance of instances) shards[shardOf(instance.id)]?.push(instance);
  return shards;
}

/** What did not change is the same object (see `CompleteReport.instances`). */
function isSame(a: readonly Instance[], b: readonly Instance[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((instance, index) => instance === b[index]);
}
