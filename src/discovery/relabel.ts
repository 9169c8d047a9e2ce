import { hash } from 'node:crypto';
import { RE2JS } from 're2js';
import type { RelabelRule } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { goLower, goUpper } from './relabel-case.ts';
import { isOwnFact, WorkingLabels } from './relabel-labels.ts';
import { applyLabels } from './relabel-result.ts';
import { compileTemplate, type Template } from './relabel-template.ts';

export type Relabelled = { readonly instance: Instance } | { readonly dropped: string };

/** Runs one rule; false drops the instance. */
type Step = (labels: WorkingLabels) => boolean;
type Groups = readonly (string | undefined)[];

/**
 * Prometheus' relabelling over the labels of an instance, and over what the source says of the
 * instance itself as `__address__`, `__port__`, `__region__`, `__zone__`, `__weight__`, `__health__`
 * and (only to be read) `__id__`. Labels that begin with `__` vanish at the end. Differs in this:
 * a label may have any name, as labels here have dots; `labeldrop` and `labelkeep` leave those facts
 * alone. An instance that no rule changes comes back as the same object.
 */
export function compileRelabel(rules: readonly RelabelRule[]): (instance: Instance) => Relabelled {
  const steps = rules.map((rule, index) => ({
    run: compileRule(rule, index + 1),
    dropped: { dropped: droppedBy(rule, index + 1) },
  }));
  return (instance) => {
    const labels = new WorkingLabels(instance);
    for (const { run, dropped } of steps) if (!run(labels)) return dropped;
    return applyLabels(labels);
  };
}

function droppedBy(rule: RelabelRule, number: number): string {
  const labels = rule.sourceLabels.join(', ');
  if (rule.action === 'keep') return `rule ${number}: keep ${labels} "${rule.regex}" does not match`;
  if (rule.action === 'drop') return `rule ${number}: drop ${labels} "${rule.regex}" matches`;
  return `rule ${number}: ${rule.action} ${labels} and ${rule.targetLabel}`;
}

function compileRule(rule: RelabelRule, number: number): Step {
  const value = joinedValue(rule);
  const { targetLabel: target } = rule;
  const write =
    (text: (value: string) => string): Step =>
    (labels) => {
      labels.set(target, text(value(labels)), number);
      return true;
    };
  switch (rule.action) {
    case 'replace':
      return replaceStep(rule, number);
    case 'keep':
    case 'drop': {
      const matches = matcher(rule.regex);
      return (labels) => matches(value(labels)) === (rule.action === 'keep');
    }
    case 'keepequal':
    case 'dropequal':
      return (labels) => (labels.get(target) === value(labels)) === (rule.action === 'keepequal');
    case 'hashmod':
      return write((text) => hashMod(text, BigInt(rule.modulus)));
    case 'lowercase':
      return write(goLower);
    case 'uppercase':
      return write(goUpper);
    case 'labelmap':
      return labelMapStep(rule, number);
    case 'labeldrop':
    case 'labelkeep':
      return labelFilterStep(rule, number);
  }
}

function joinedValue({ sourceLabels, separator }: RelabelRule): (labels: WorkingLabels) => string {
  const [first] = sourceLabels;
  if (first === undefined) return () => '';
  if (sourceLabels.length === 1) return (labels) => labels.get(first);
  return (labels) => sourceLabels.map((name) => labels.get(name)).join(separator);
}

/** A target that a template leaves empty is no label: nothing is written. */
function replaceStep(rule: RelabelRule, number: number): Step {
  const value = joinedValue(rule);
  const { groupsOf, template } = expression(rule.regex);
  const [target, replacement] = [template(rule.targetLabel), template(rule.replacement)];
  const outcome = remembered((text) => {
    const groups = groupsOf(text);
    return groups === undefined ? undefined : { name: target(groups), text: replacement(groups) };
  });
  return (labels) => {
    const written = outcome(value(labels));
    if (written !== undefined && written.name !== '') labels.set(written.name, written.text, number);
    return true;
  };
}

/** In the order of names, so that the outcome of two that map to one does not depend on chance. */
function labelMapStep(rule: RelabelRule, number: number): Step {
  const { groupsOf, template } = expression(rule.regex);
  const replacement = template(rule.replacement);
  const mapped = remembered((name) => {
    const groups = groupsOf(name);
    return groups === undefined ? undefined : replacement(groups);
  });
  return (labels) => {
    const hits = labels.names().flatMap((name) => {
      const to = mapped(name);
      return to === undefined || to === '' ? [] : [{ name, to, value: labels.get(name) }];
    });
    if (hits.length > 1) hits.sort((left, right) => (left.name < right.name ? -1 : 1));
    for (const { to, value } of hits) labels.set(to, value, number);
    return true;
  };
}

function labelFilterStep(rule: RelabelRule, number: number): Step {
  const matches = matcher(rule.regex);
  const keeps = rule.action === 'labelkeep';
  return (labels) => {
    for (const name of labels.names())
      if (!isOwnFact(name) && matches(name) !== keeps) labels.set(name, '', number);
    return true;
  };
}

const ANYTHING = '(.*)';

/** As Prometheus compiles it: over the whole text, and `.` takes a line break too. */
function compile(regex: string): RE2JS {
  return RE2JS.compile(regex, RE2JS.DOTALL);
}

function matcher(regex: string): (text: string) => boolean {
  if (regex === ANYTHING) return () => true;
  const compiled = compile(regex);
  return remembered((text) => compiled.testExact(text));
}

/** What an expression finds, and templates over its groups. */
function expression(regex: string) {
  const compiled = compile(regex);
  const names = compiled.namedGroups();
  const groupsOf = (text: string): Groups | undefined => {
    if (regex === ANYTHING) return [text, text];
    const found = compiled.matcher(text);
    if (!found.matches()) return undefined;
    return Array.from({ length: found.groupCount() + 1 }, (_, n) => found.group(n) ?? undefined);
  };
  const template = (text: string): Template => compileTemplate(text, names);
  return { groupsOf, template };
}

const MOST_REMEMBERED = 32_768;
const LONGEST_REMEMBERED = 256;

/**
 * Values repeat (zones, names of labels) and are looked at anew with every report, and RE2 costs
 * microseconds: what was found once is kept, up to a bound, then begun anew.
 */
function remembered<T>(find: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly found: T }>();
  return (text) => {
    if (text.length > LONGEST_REMEMBERED) return find(text);
    const before = known.get(text);
    if (before !== undefined) return before.found;
    const found = find(text);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(text, { found });
    return found;
  };
}

/** The last 8 bytes of the MD5, as Prometheus takes them: the same shard for the same text. */
function hashMod(text: string, modulus: bigint): string {
  return String(hash('md5', text, 'buffer').readBigUInt64BE(8) % modulus);
}
