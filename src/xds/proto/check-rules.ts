import type { DurationLimit, RuleValue } from './descriptor.ts';
import { LONG_TYPES } from './descriptor.ts';
import { longText } from './json-scalars.ts';
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

/** protoc-gen-validate's known patterns; the loose one stands for both header rules with `strict: false`. */
const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters
const HEADER_LOOSE = /^[^\u0000\u000A\u000D]*$/;

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

type Rules = Readonly<Record<string, RuleValue>>;

const list = (value: RuleValue): readonly RuleValue[] => (Array.isArray(value) ? value : [value]);
const text = (value: RuleValue): string => JSON.stringify(value);

const COMPARE: Readonly<Record<string, readonly [operator: string, words: string]>> = {
  const: ['!==', 'must be'],
  lt: ['>=', 'must be less than'],
  lte: ['>', 'must be at most'],
  gt: ['<=', 'must be greater than'],
  gte: ['<', 'must be at least'],
};

function unsupported(group: string, rule: string): never {
  throw new ProtoError('', `the constraint ${group}.${rule} is not implemented: add it in check-rules.ts`);
}

function membership(
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

function knownPattern(name: RuleValue, strict: boolean): RegExp {
  if (!strict) return HEADER_LOOSE;
  return name === 'HTTP_HEADER_NAME' || name === 1 ? HEADER_NAME : HEADER_VALUE;
}

const LENGTHS: Readonly<Record<string, (limit: number) => readonly [fails: string, message: string]>> = {
  len: (limit) => [`h.chars(v)!==${limit}`, `must have exactly ${limit} characters`],
  min_len: (limit) => [
    limit === 1 ? 'v.length<1' : `h.chars(v)<${limit}`,
    limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`,
  ],
  max_len: (limit) => [`v.length>${limit}&&h.chars(v)>${limit}`, `must have at most ${limit} characters`],
  len_bytes: (limit) => [`h.size(v)!==${limit}`, `must have exactly ${limit} bytes`],
  min_bytes: (limit) => [
    `h.size(v)<${limit}`,
    limit === 1 ? 'must not be empty' : `must have at least ${limit} bytes`,
  ],
  max_bytes: (limit) => [`v.length*3>${limit}&&h.size(v)>${limit}`, `must have at most ${limit} bytes`],
};

const PARTS: Readonly<Record<string, readonly [call: string, words: string]>> = {
  prefix: ['!v.startsWith', 'must start with'],
  suffix: ['!v.endsWith', 'must end with'],
  contains: ['!v.includes', 'must contain'],
  not_contains: ['v.includes', 'must not contain'],
};

function stringRule(rule: string, limit: RuleValue, rules: Rules, constant: Constant): Condition {
  const length = LENGTHS[rule]?.(Number(limit));
  if (length !== undefined) return { rule: `string.${rule}`, fails: length[0], message: length[1] };
  const part = PARTS[rule];
  if (part !== undefined)
    return {
      rule: `string.${rule}`,
      fails: `${part[0]}(${text(limit)})`,
      message: `${part[1]} ${text(limit)}`,
    };
  if (rule === 'const')
    return { rule: 'string.const', fails: `v!==${text(limit)}`, message: `must be ${text(limit)}` };
  if (rule === 'in' || rule === 'not_in') return membership('string', rule, list(limit), constant);
  const pattern = rule === 'well_known_regex' ? knownPattern(limit, rules['strict'] !== false) : undefined;
  if (pattern === undefined && rule !== 'pattern') return unsupported('string', rule);
  const regex = pattern ?? new RegExp(String(limit), 'u');
  return {
    rule: `string.${rule}`,
    fails: `!${constant(regex)}.test(v)`,
    message: `must match ${regex.source}`,
  };
}

function stringRules(rules: Rules, constant: Constant): Condition[] {
  const conditions = Object.entries(rules)
    .filter(([rule]) => rule !== 'ignore_empty' && rule !== 'strict')
    .map(([rule, limit]) => stringRule(rule, limit, rules, constant));
  if (rules['ignore_empty'] !== true) return conditions;
  return conditions.map((condition) => ({ ...condition, fails: `v!==""&&(${condition.fails})` }));
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
