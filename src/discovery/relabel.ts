import type { RelabelRule } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { applyFacts, type Facts, factsOf } from './relabel-facts.ts';
import { compileRule, type RuleStep } from './relabel-rules.ts';

/** What the rules make of one instance; `dropped` says which of them took it out. */
export type Relabelled = { readonly instance: Instance } | { readonly dropped: string };

/**
 * Prometheus' relabelling (SRC12): the rules run in order over the labels of an instance and over
 * what else is known of it, as labels with a double underscore: `__address__` (address and port),
 * `__port__`, `__region__`, `__zone__`, `__weight__`, `__health__` and `__id__`. Written ones change
 * the instance; labels that begin with `__` are gone afterwards. An instance that no rule changes
 * comes back as the same object.
 */
export function compileRelabel(rules: readonly RelabelRule[]): (instance: Instance) => Relabelled {
  if (rules.length === 0) return (instance) => ({ instance });
  const steps = rules.map(compileRule);
  return (instance) => {
    const facts = factsOf(instance);
    const labels = new Map([...Object.entries(instance.labels), ...Object.entries(facts)]);
    const dropped = run(steps, labels, rules);
    return dropped === undefined ? rebuilt(instance, facts, labels) : { dropped };
  };
}

function run(
  steps: readonly RuleStep[],
  labels: Map<string, string>,
  rules: readonly RelabelRule[],
): string | undefined {
  for (const [index, step] of steps.entries()) {
    if (step(labels)) continue;
    const { action, sourceLabels, regex, targetLabel } = rules[index] ?? { action: '', sourceLabels: [] };
    const against = action.endsWith('equal') ? `label ${targetLabel}` : `regex ${regex}`;
    return `rule ${index + 1} (${action} on ${sourceLabels.join(', ')}, ${against})`;
  }
  return undefined;
}

function rebuilt(instance: Instance, facts: Facts, labels: ReadonlyMap<string, string>): Relabelled {
  const changed = applyFacts(instance, facts, labels);
  if (typeof changed === 'string') return { dropped: changed };
  const own = [...labels].filter(([name]) => !name.startsWith('__'));
  const isSame =
    own.length === Object.keys(instance.labels).length &&
    own.every(([name, value]) => instance.labels[name] === value);
  if (isSame) return { instance: changed };
  return { instance: { ...changed, labels: Object.fromEntries(own) } };
}
