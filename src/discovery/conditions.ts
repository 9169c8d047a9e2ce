import { RE2JS } from 're2js';
import type { LabelCondition } from '../model/config.ts';

const compiled = new WeakMap<LabelCondition, RE2JS>();

/**
 * Whether a label's value meets a condition; `undefined` is a label that is not there, which meets
 * only `{ exists: false }` and what is `not` met. `matches` is RE2 over the whole value, as in
 * Prometheus' relabelling.
 */
export function meetsCondition(value: string | undefined, condition: LabelCondition): boolean {
  if ('not' in condition) return !meetsCondition(value, condition.not);
  if ('exists' in condition) return (value !== undefined) === condition.exists;
  if (value === undefined) return false;
  if ('equals' in condition) return value === condition.equals;
  if ('oneOf' in condition) return condition.oneOf.includes(value);
  return patternOf(condition, condition.matches).matches(value);
}

/** Config objects never change, so each expression is compiled once for as long as its config lives. */
function patternOf(condition: LabelCondition, source: string): RE2JS {
  const known = compiled.get(condition);
  if (known !== undefined) return known;
  const pattern = RE2JS.compile(source);
  compiled.set(condition, pattern);
  return pattern;
}
