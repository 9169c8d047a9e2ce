import { meetsCondition } from '../discovery/conditions.ts';
import { labelOf } from '../discovery/instances.ts';
import type { LabelCondition, ServiceFrom } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';

/** What an entry asks for and an instance does not have; `value` is what it has instead. */
export interface Unmet {
  readonly reason: string;
  readonly value?: string | undefined;
}

/**
 * The first of what a `from` entry asks for that an instance does not meet, without what the instance
 * has in the words: so that thousands of them are one line. `label`: by which its source names services.
 */
export function unmetBy(from: ServiceFrom, label: string | undefined, instance: Instance): Unmet | undefined {
  if (from.service !== undefined && label !== undefined) {
    const value = labelOf(instance, label);
    if (value !== from.service) return { reason: `${label} is not ${JSON.stringify(from.service)}`, value };
  }
  for (const [name, condition] of from.where) {
    const value = labelOf(instance, name);
    if (!meetsCondition(value, condition)) return { reason: `${name} ${failed(condition)}`, value };
  }
  return undefined;
}

function failed(condition: LabelCondition): string {
  if ('not' in condition) return met(condition.not);
  if ('exists' in condition) return condition.exists ? 'is not there' : 'is there';
  if ('equals' in condition) return `is not ${JSON.stringify(condition.equals)}`;
  if ('oneOf' in condition) return `is none of ${listOf(condition.oneOf)}`;
  return `does not match ${JSON.stringify(condition.matches)}`;
}

function met(condition: LabelCondition): string {
  if ('not' in condition) return failed(condition.not);
  if ('exists' in condition) return condition.exists ? 'is there' : 'is not there';
  if ('equals' in condition) return `is ${JSON.stringify(condition.equals)}`;
  if ('oneOf' in condition) return `is one of ${listOf(condition.oneOf)}`;
  return `matches ${JSON.stringify(condition.matches)}`;
}

function listOf(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
