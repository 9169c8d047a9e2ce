import type { Instance } from '../../model/instance.ts';
import type { Refreshed } from './host.ts';

/** What one scope holds, kept up from the changes that the worker sends. */
export class Mirror {
  #version = 0;
  #byId = new Map<string, Instance>();
  #sorted: readonly Instance[] = [];

  /** 0: nothing yet. */
  get version(): number {
    return this.#version;
  }

  /** Sorted by id; an instance that did not change is the same object as before. */
  get instances(): readonly Instance[] {
    return this.#sorted;
  }

  /** Whether anything changed. */
  apply({ version, full, set, removed }: Refreshed): boolean {
    if (!full && version === this.#version) return false;
    if (full) this.#byId = new Map();
    for (const instance of set) this.#byId.set(instance.id, instance);
    for (const id of removed) this.#byId.delete(id);
    // Nearly sorted already, which costs hardly more than a look.
    this.#sorted = [...this.#byId.values()].sort(byId);
    this.#version = version;
    return true;
  }
}

function byId(left: Instance, right: Instance): number {
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}
