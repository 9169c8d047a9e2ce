import {
  type Condition,
  type Constant,
  list,
  membership,
  type Rules,
  text,
  unsupported,
} from './check-condition.ts';
import type { RuleValue } from './descriptor.ts';

/** protoc-gen-validate's known patterns; the loose one stands for both header rules with `strict: false`. */
const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rule is about control characters
const HEADER_LOOSE = /^[^\u0000\u000A\u000D]*$/;

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

/** The conditions of `validate.StringRules`. */
export function stringRules(rules: Rules, constant: Constant): Condition[] {
  const conditions = Object.entries(rules)
    .filter(([rule]) => rule !== 'ignore_empty' && rule !== 'strict')
    .map(([rule, limit]) => stringRule(rule, limit, rules, constant));
  if (rules['ignore_empty'] !== true) return conditions;
  return conditions.map((condition) => ({ ...condition, fails: `v!==""&&(${condition.fails})` }));
}
