import { hash } from 'node:crypto';
import { type Matcher, RE2JS } from 're2js';
import type { RelabelRule } from '../model/config.ts';

/** Changes the labels; false: the instance is dropped. */
export type RuleStep = (labels: Map<string, string>) => boolean;

export function compileRule(rule: RelabelRule): RuleStep {
  const pattern = RE2JS.compile(rule.regex, RE2JS.DOTALL);
  const joined = (labels: ReadonlyMap<string, string>): string =>
    rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator);
  const keeps = (labels: ReadonlyMap<string, string>): boolean => pattern.matches(joined(labels));
  const equals = (labels: ReadonlyMap<string, string>): boolean =>
    (labels.get(rule.targetLabel) ?? '') === joined(labels);
  const writes =
    (change: (value: string) => string): RuleStep =>
    (labels) =>
      set(labels, rule.targetLabel, change(joined(labels)));
  switch (rule.action) {
    case 'keep':
      return keeps;
    case 'drop':
      return (labels) => !keeps(labels);
    case 'keepequal':
      return equals;
    case 'dropequal':
      return (labels) => !equals(labels);
    case 'replace':
      return (labels) => replace(rule, pattern.matcher(joined(labels)), labels);
    case 'hashmod':
      return writes((value) => hashModulo(value, rule.modulus));
    case 'lowercase':
      return writes((value) => value.toLowerCase());
    case 'uppercase':
      return writes((value) => value.toUpperCase());
    case 'labelmap':
      return (labels) => mapNames(rule, pattern, labels);
    case 'labeldrop':
      return (labels) => dropNames(labels, (name) => pattern.matches(name));
    case 'labelkeep':
      return (labels) => dropNames(labels, (name) => !pattern.matches(name));
  }
}

function replace(rule: RelabelRule, match: Matcher, labels: Map<string, string>): boolean {
  if (!match.matches()) return true;
  const target = expand(rule.targetLabel, match);
  return target === '' ? true : set(labels, target, expand(rule.replacement, match));
}

/** A label without a value is no label. */
function set(labels: Map<string, string>, name: string, value: string): boolean {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
  return true;
}

function mapNames(rule: RelabelRule, pattern: RE2JS, labels: Map<string, string>): boolean {
  for (const [name, value] of [...labels]) {
    const match = pattern.matcher(name);
    if (!match.matches()) continue;
    const target = expand(rule.replacement, match);
    if (target !== '') set(labels, target, value);
  }
  return true;
}

/** What is no label of the source's stays: without an address there is no instance. */
function dropNames(labels: Map<string, string>, isDropped: (name: string) => boolean): boolean {
  for (const name of [...labels.keys()]) if (!name.startsWith('__') && isDropped(name)) labels.delete(name);
  return true;
}

/** The last eight bytes of the md5, as a number, modulo: what Prometheus takes. */
function hashModulo(value: string, modulus: number): string {
  const digest = hash('md5', value, 'buffer');
  return String(digest.readBigUInt64BE(8) % BigInt(modulus));
}

/** `$1`, `${1}`, `$name`, `${name}` and `$$`; a group that is not there is empty, as in Go. */
function expand(template: string, match: Matcher): string {
  if (!template.includes('$')) return template;
  return template.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (text, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    return name === undefined ? text.slice(1) : groupOf(match, name);
  });
}

function groupOf(match: Matcher, name: string): string {
  try {
    return match.group(/^[0-9]+$/.test(name) ? Number(name) : name) ?? '';
  } catch {
    // No such group in the expression.
    return '';
  }
}
