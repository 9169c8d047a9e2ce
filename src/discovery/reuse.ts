import type { Instance } from '../model/instance.ts';

/**
 * The instances of a scope from one report to the next. One that is as it was comes back as the
 * same object, so that nothing behind the source looks at it again.
 */
export class LastInstances {
  #known: ReadonlyMap<string, Instance> | undefined;

  /** What there is now, and whether that is exactly what the last call was told. */
  next(instances: readonly Instance[]): { readonly instances: readonly Instance[]; readonly same: boolean } {
    const before = this.#known;
    const kept = instances.map((instance) => {
      const known = before?.get(instance.id);
      return known !== undefined && isSameInstance(known, instance) ? known : instance;
    });
    this.#known = new Map(kept.map((instance) => [instance.id, instance]));
    const same =
      before !== undefined &&
      before.size === kept.length &&
      kept.every((instance) => before.get(instance.id) === instance);
    return { instances: kept, same };
  }
}

function isSameInstance(left: Instance, right: Instance): boolean {
  return (
    left.address === right.address &&
    left.health === right.health &&
    left.weight === right.weight &&
    left.locality.region === right.locality.region &&
    left.locality.zone === right.locality.zone &&
    left.locality.subZone === right.locality.subZone &&
    isSameRecord(left.ports, right.ports) &&
    isSameRecord(left.labels, right.labels)
  );
}

type Flat = Readonly<Record<string, string | number>>;

function isSameRecord(left: Flat, right: Flat): boolean {
  if (left === right) return true;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && left[key] === right[key])
  );
}
