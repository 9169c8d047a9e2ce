import { refusal } from '../../discovery/admit.ts';
import { compileRelabel } from '../../discovery/relabel.ts';
import type { AddressRange, SourceConfig } from '../../model/config.ts';
import type { Instance } from '../../model/instance.ts';

export interface Taken {
  /** After relabelling; undefined: not served. */
  readonly used: Instance | undefined;
  /** Why not, in words. */
  readonly dropped: string | undefined;
}

/** What every instance goes through before it can be selected; one answer for one object. */
export type Intake = (instance: Instance) => Taken;

/** Where the user wrote the addresses down, these are meant. */
const TRUSTED: readonly AddressRange[] = ['loopback', 'linkLocal'];

/** Relabelling (SRC12), then the refusal of addresses that no endpoint can have. */
export function createIntake(
  { relabel, allowAddresses }: Pick<SourceConfig, 'relabel' | 'allowAddresses'>,
  trustsAddresses: boolean,
): Intake {
  const run = compileRelabel(relabel);
  const allowed = new Set([...allowAddresses, ...(trustsAddresses ? TRUSTED : [])]);
  const known = new WeakMap<Instance, Taken>();
  const take = (instance: Instance): Taken => {
    const relabelled = run(instance);
    if ('dropped' in relabelled) return { used: undefined, dropped: relabelled.dropped };
    const dropped = refusal(relabelled.instance, allowed);
    return { used: dropped === undefined ? relabelled.instance : undefined, dropped };
  };
  return (instance) => {
    const before = known.get(instance);
    if (before !== undefined) return before;
    const taken = take(instance);
    known.set(instance, taken);
    return taken;
  };
}
