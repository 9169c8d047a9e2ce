import type { LabelCondition, PortChoice, ServiceFrom } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { choosePort, unmetLabel } from './choose.ts';
import { labelOf } from './instances.ts';

/** Why a `from` entry does not select an instance, in the order in which the selection asks; undefined: it does. */
export function refusal(
  from: ServiceFrom,
  instance: Instance,
  label: string | undefined,
): string | undefined {
  return wrongService(from, instance, label) ?? wrongLabel(from, instance) ?? wrongPort(from.port, instance);
}

function wrongService({ service, source }: ServiceFrom, instance: Instance, label: string | undefined) {
  if (service === undefined) return undefined;
  if (label === undefined) return `the source "${source}" has no names of services`;
  const own = labelOf(instance, label);
  return own === service
    ? undefined
    : `is of ${own === undefined ? 'no service' : `the service ${quoted(own)}`}`;
}

function wrongLabel({ where }: ServiceFrom, instance: Instance): string | undefined {
  const label = unmetLabel(where, instance);
  const condition = label === undefined ? undefined : where.get(label);
  if (label === undefined || condition === undefined) return undefined;
  const value = labelOf(instance, label);
  const actual = value === undefined ? 'is not there' : `is ${quoted(value)}`;
  return `where: ${label} ${actual}, wanted ${wanted(condition)}`;
}

function wanted(condition: LabelCondition): string {
  if ('not' in condition) return `not ${wanted(condition.not)}`;
  if ('exists' in condition) return condition.exists ? 'any value' : 'none';
  if ('equals' in condition) return quoted(condition.equals);
  if ('oneOf' in condition) return `one of ${condition.oneOf.map(quoted).join(', ')}`;
  return `a match of ${quoted(condition.matches)}`;
}

function wrongPort(choice: PortChoice, instance: Instance): string | undefined {
  if (choosePort(choice, instance) !== undefined) return undefined;
  if (choice.kind === 'label') {
    const value = labelOf(instance, choice.label);
    return `no port: the label ${choice.label} ${value === undefined ? 'is not there' : `is ${quoted(value)}`}`;
  }
  const names = Object.keys(instance.ports).map(quoted);
  if (choice.kind === 'named')
    return `no port named ${quoted(choice.name)}: it has ${names.join(', ') || 'none'}`;
  return names.length === 0
    ? 'no port: name one in `port`'
    : `several ports (${names.join(', ')}): choose one in \`port\``;
}

/** A value of someone else's: quoted, so that nothing in it passes for words of ours. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
