import type { RuleValue } from './descriptor.ts';
import { ProtoError } from './proto-error.ts';

/** One way for a value to break a rule, as source text over the variable `v`. */
export interface Condition {
  readonly rule: string;
  /** True where the rule is broken. */
  readonly fails: string;
  readonly message: string;
}

/** What a condition needs beside its text; returns the text that reaches it. */
export type Constant = (value: unknown) => string;

/** The rules of one group by name. */
export type Rules = Readonly<Record<string, RuleValue>>;

/** A rule that may be given once or as a list. */
export const list = (value: RuleValue): readonly RuleValue[] => (Array.isArray(value) ? value : [value]);
/** A limit as source text. */
export const text = (value: RuleValue): string => JSON.stringify(value);

/** A rule that nobody implemented must not pass for one that holds. */
export function unsupported(group: string, rule: string): never {
  throw new ProtoError('', `the constraint ${group}.${rule} is not implemented: add it in check-rules.ts`);
}

/** `in` and `not_in`. */
export function membership(
  group: string,
  rule: string,
  values: readonly RuleValue[],
  constant: Constant,
): Condition {
  const set = constant(new Set(values));
  const words = values.map(text).join(', ');
  if (rule === 'in')
    return { rule: `${group}.in`, fails: `!${set}.has(v)`, message: `must be one of ${words}` };
  return { rule: `${group}.not_in`, fails: `${set}.has(v)`, message: `must not be ${words}` };
}
