import type { Instance } from '../model/instance.ts';

type ByScope = Map<string, readonly Instance[]>;
/** Instances by the value of one label. */
type Groups = ReadonlyMap<string | undefined, readonly Instance[]>;

export interface IndexChange {
  readonly before: Instance | undefined;
  readonly after: Instance | undefined;
}

/**
 * The instances of one source, found by label. A scope is replaced at a cost of its own size; a
 * label is indexed when a service first selects by it, so that a thousand services that each pick
 * their own few out of twenty thousand instances do not walk all of them.
 */
export class InstanceIndex {
  /** The label that holds the source's own name of a service, `undefined` where it has none. */
  readonly serviceLabel: string | undefined;
  readonly #scopes: ByScope = new Map();
  readonly #labels = new Map<string, Map<string, ByScope>>();

  constructor(serviceLabel?: string) {
    this.serviceLabel = serviceLabel;
  }

  /**
   * What `scope` holds from now on; an empty list forgets it. `changes` are all that is different
   * since the last time: then a scope of thousands costs what changed of it.
   */
  replace(scope: string, instances: readonly Instance[], changes?: readonly IndexChange[]): void {
    const before = this.#scopes.get(scope) ?? [];
    if (instances.length === 0) this.#scopes.delete(scope);
    else this.#scopes.set(scope, instances);
    for (const [label, values] of this.#labels) {
      if (changes !== undefined && changes.length * 4 < before.length) patch(values, label, scope, changes);
      else rebuild(values, label, scope, { before, after: instances });
    }
  }

  /** Every instance, in no order that means anything. */
  *all(): Generator<Instance, void, void> {
    for (const instances of this.#scopes.values()) yield* instances;
  }

  /** The same, as one list for each scope. */
  lists(): Iterable<readonly Instance[]> {
    return this.#scopes.values();
  }

  /** The instances whose `label` is `value`, likewise. */
  withLabel(label: string, value: string): Iterable<readonly Instance[]> {
    return this.#indexOf(label).get(value)?.values() ?? [];
  }

  #indexOf(label: string): Map<string, ByScope> {
    const known = this.#labels.get(label);
    if (known !== undefined) return known;
    const values = new Map<string, ByScope>();
    for (const [scope, instances] of this.#scopes) addScope(values, scope, byLabel(instances, label));
    this.#labels.set(label, values);
    return values;
  }
}

/** The value of a label; undefined where the instance does not have it (`constructor` is no label). */
export function labelOf(instance: Instance, label: string): string | undefined {
  return Object.hasOwn(instance.labels, label) ? instance.labels[label] : undefined;
}

function rebuild(
  values: Map<string, ByScope>,
  label: string,
  scope: string,
  { before, after }: { readonly before: readonly Instance[]; readonly after: readonly Instance[] },
): void {
  const groups = byLabel(after, label);
  for (const value of byLabel(before, label).keys()) {
    if (value !== undefined && !groups.has(value)) forget(values, value, scope);
  }
  addScope(values, scope, groups);
}

/** Only the values that changed instances had or have. */
function patch(
  values: Map<string, ByScope>,
  label: string,
  scope: string,
  changes: readonly IndexChange[],
): void {
  const left = Map.groupBy(changes, ({ before }) => before && labelOf(before, label));
  const come = Map.groupBy(changes, ({ after }) => after && labelOf(after, label));
  for (const value of new Set([...left.keys(), ...come.keys()])) {
    if (value === undefined) continue;
    const gone = new Set(left.get(value)?.map(({ before }) => before));
    const stay = (values.get(value)?.get(scope) ?? []).filter((instance) => !gone.has(instance));
    const added = (come.get(value) ?? []).flatMap(({ after }) => after ?? []);
    if (stay.length + added.length === 0) forget(values, value, scope);
    else addScope(values, scope, new Map([[value, [...stay, ...added]]]));
  }
}

function addScope(values: Map<string, ByScope>, scope: string, groups: Groups): void {
  for (const [value, some] of groups) {
    if (value === undefined) continue;
    const scopes = values.get(value);
    if (scopes === undefined) values.set(value, new Map([[scope, some]]));
    else scopes.set(scope, some);
  }
}

/** Where a scope is one service of a registry, all its instances have one value: nothing is copied. */
function byLabel(instances: readonly Instance[], label: string): Groups {
  const [first] = instances;
  if (first === undefined) return new Map();
  const value = labelOf(first, label);
  if (instances.every((instance) => labelOf(instance, label) === value)) return new Map([[value, instances]]);
  return Map.groupBy(instances, (instance) => labelOf(instance, label));
}

function forget(values: Map<string, ByScope>, value: string, scope: string): void {
  const scopes = values.get(value);
  scopes?.delete(scope);
  if (scopes?.size === 0) values.delete(value);
}
