import type { RelabelAction, RelabelRule } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { compileRelabel } from './relabel.ts';

/** One fact that a rule changed; `undefined` is one that is not there. */
export interface FactChange {
  /** A label, or what rules call the instance's own facts: `__address__`, `__zone__` … */
  readonly label: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface RelabelStep {
  /** Its place in the list, from 1: as the reasons count. */
  readonly rule: number;
  readonly action: RelabelAction;
  readonly changes: readonly FactChange[];
  readonly dropped: string | undefined;
}

export interface RelabelPreview {
  /** `undefined`: dropped. */
  readonly after: Instance | undefined;
  /** The rules that changed something, in their order. */
  readonly steps: readonly RelabelStep[];
  readonly dropped: string | undefined;
}

/** The rules up to one of them, ready to run. */
export interface RelabelPrefix {
  readonly rule: number;
  readonly action: RelabelAction;
  readonly run: ReturnType<typeof compileRelabel>;
}

/**
 * Growing prefixes of the rules: whatever a rule hands to the next one inside a run stays there. One
 * by one, as each is milliseconds of work where expressions are large.
 */
export function* relabelPrefixes(rules: readonly RelabelRule[]): Generator<RelabelPrefix, void, void> {
  for (const [index, { action }] of rules.entries()) {
    yield { rule: index + 1, action, run: compileRelabel(rules.slice(0, index + 1)) };
  }
}

/**
 * What rules do to an instance, rule by rule (SRC12): for people, at the cost of all rules once for
 * each rule. Labels that live only between rules show in what they lead to.
 */
export function previewRelabel(prefixes: readonly RelabelPrefix[]): (instance: Instance) => RelabelPreview {
  return (instance) => {
    const end = prefixes.at(-1)?.run(instance) ?? { instance };
    const steps: RelabelStep[] = [];
    let last = instance;
    for (const { rule, action, run } of prefixes) {
      const outcome = run(instance);
      if ('instance' in outcome) {
        const changes = changesBetween(last, outcome.instance);
        if (changes.length > 0) steps.push({ rule, action, changes, dropped: undefined });
        last = outcome.instance;
      } else if ('dropped' in end && end.dropped === outcome.dropped) {
        steps.push({ rule, action, changes: [], dropped: outcome.dropped });
        break;
      }
      // Else it would be dropped as it is here, and a later rule mends it.
    }
    if ('dropped' in end) return { after: undefined, steps, dropped: end.dropped };
    return { after: end.instance, steps, dropped: undefined };
  };
}

/** Every fact that differs, sorted by name. */
export function changesBetween(before: Instance, after: Instance): readonly FactChange[] {
  if (before === after) return [];
  const [was, is] = [factsOf(before), factsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .toSorted()
    .map((label) => ({ label, before: was.get(label), after: is.get(label) }))
    .filter((change) => change.before !== change.after);
}

function factsOf({ address, ports, locality, health, weight, labels }: Instance): Map<string, string> {
  const own: [string, string][] = [
    ['__address__', address],
    ['__health__', health],
    ['__region__', locality.region],
    ['__sub_zone__', locality.subZone],
    ['__zone__', locality.zone],
  ];
  if (weight !== undefined) own.push(['__weight__', String(weight)]);
  for (const [name, port] of Object.entries(ports)) {
    own.push([name === '' ? '__port__' : `__port_${name}__`, String(port)]);
  }
  return new Map([...Object.entries(labels), ...own]);
}
