import {
  type Condition,
  type Constant,
  list,
  membership,
  type Rules,
  unsupported,
} from './check-condition.ts';
import { stringRules } from './check-strings.ts';
import { type DurationLimit, LONG_TYPES, type RuleValue } from './descriptor.ts';
import { longText } from './json-scalars.ts';

/** What generated checks call. */
export const RULE_HELPERS = {
  size: (text: string): number => Buffer.byteLength(text),
  chars: (text: string): number => [...text].length,
  num: (value: unknown): number => Number(longText(value)),
  /** Below, at or above a limit: -1, 0 or 1. */
  duration(
    value: { readonly seconds?: unknown; readonly nanos?: unknown },
    seconds: number,
    nanos: number,
  ): number {
    const whole = Number(longText(value.seconds)) - seconds;
    return Math.sign(whole === 0 ? Number(longText(value.nanos)) - nanos : whole);
  },
};

const COMPARE: Readonly<Record<string, readonly [operator: string, words: string]>> = {
  const: ['!==', 'must be'],
  lt: ['>=', 'must be less than'],
  lte: ['>', 'must be at most'],
  gt: ['<=', 'must be greater than'],
  gte: ['<', 'must be at least'],
};

function numberRules(group: string, rules: Rules, constant: Constant): Condition[] {
  const value = LONG_TYPES.has(group) ? 'h.num(v)' : 'v';
  return Object.entries(rules).map(([rule, limit]) => {
    if (rule === 'in' || rule === 'not_in') return membership(group, rule, list(limit), constant);
    const [operator, words] = COMPARE[rule] ?? unsupported(group, rule);
    return {
      rule: `${group}.${rule}`,
      fails: `${value}${operator}${Number(limit)}`,
      message: `${words} ${Number(limit)}`,
    };
  });
}

function bytesRules(rules: Rules): Condition[] {
  const operators: Readonly<Record<string, readonly [string, string]>> = {
    len: ['!==', 'must have exactly'],
    min_len: ['<', 'must have at least'],
    max_len: ['>', 'must have at most'],
  };
  return Object.entries(rules).map(([rule, limit]) => {
    const [operator, words] = operators[rule] ?? unsupported('bytes', rule);
    return {
      rule: `bytes.${rule}`,
      fails: `v.length${operator}${Number(limit)}`,
      message: `${words} ${Number(limit)} bytes`,
    };
  });
}

type EnumValues = Readonly<Record<string, number>>;

/** Enums come as numbers or as names, so each set holds both. */
function enumRules(rules: Rules, values: EnumValues, constant: Constant): Condition[] {
  const both = (ids: readonly number[]): string =>
    constant(
      new Set<unknown>([...ids, ...Object.keys(values).filter((name) => ids.includes(values[name] ?? -1))]),
    );
  const names = (ids: readonly number[]): string =>
    Object.keys(values)
      .filter((name) => ids.includes(values[name] ?? -1))
      .join(', ');
  return Object.entries(rules).flatMap(([rule, limit]) => {
    const ids = rule === 'defined_only' ? Object.values(values) : list(limit).map(Number);
    if (limit === false) return [];
    if (rule === 'not_in')
      return [{ rule: 'enum.not_in', fails: `${both(ids)}.has(v)`, message: `must not be ${names(ids)}` }];
    if (!['defined_only', 'const', 'in'].includes(rule)) return unsupported('enum', rule);
    return [{ rule: `enum.${rule}`, fails: `!${both(ids)}.has(v)`, message: `must be one of ${names(ids)}` }];
  });
}

function limitOf(value: RuleValue): { readonly seconds: number; readonly nanos: number } {
  const limit: DurationLimit =
    typeof value === 'object' && !Array.isArray(value) ? (value as DurationLimit) : {};
  return { seconds: Number(limit.seconds ?? 0), nanos: Number(limit.nanos ?? 0) };
}

function durationRules(rules: Rules): Condition[] {
  return Object.entries(rules).flatMap(([rule, value]) => {
    if (rule === 'required') return [];
    const [operator, words] = COMPARE[rule] ?? unsupported('duration', rule);
    const { seconds, nanos } = limitOf(value);
    const shown = `${(seconds + nanos / 1e9).toFixed(9).replace(/\.?0+$/, '')}s`;
    return [
      {
        rule: `duration.${rule}`,
        fails: `h.duration(v,${seconds},${nanos})${operator}0`,
        message: `${words} ${shown}`,
      },
    ];
  });
}

function anyRules(rules: Rules, constant: Constant): Condition[] {
  return Object.entries(rules).flatMap(([rule, value]) => {
    if (rule === 'required') return [];
    if (rule !== 'in' && rule !== 'not_in') return unsupported('any', rule);
    const condition = membership('any', rule, list(value), constant);
    return [{ ...condition, fails: condition.fails.replace('(v)', '(v.typeUrl)') }];
  });
}

/** The conditions of one rule group. `repeated`, `map` and `message` are about structure and handled by the caller. */
export function conditionsOf(
  group: string,
  rules: Rules,
  values: EnumValues,
  constant: Constant,
): Condition[] {
  if (group === 'string') return stringRules(rules, constant);
  if (group === 'bytes') return bytesRules(rules);
  if (group === 'enum') return enumRules(rules, values, constant);
  if (group === 'duration') return durationRules(rules);
  if (group === 'any') return anyRules(rules, constant);
  if (group === 'bool')
    return [
      { rule: 'bool.const', fails: `v!==${rules['const'] === true}`, message: `must be ${rules['const']}` },
    ];
  if (group === 'timestamp')
    return Object.keys(rules).flatMap((rule) => (rule === 'required' ? [] : unsupported(group, rule)));
  return numberRules(group, rules, constant);
}
