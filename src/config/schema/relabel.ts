import { z } from 'zod';
import type { RelabelAction, RelabelRule } from '../../model/config.ts';
import { regex } from '../scalars.ts';

const ACTIONS = [
  ...['replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod'],
  ...['labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase'],
] as const satisfies readonly RelabelAction[];

/** What an action cannot do without, and what means nothing to it, as in Prometheus. */
const NEEDS_TARGET: ReadonlySet<RelabelAction> = new Set([
  ...(['replace', 'hashmod', 'keepequal', 'dropequal', 'lowercase', 'uppercase'] as const),
]);
const NEEDS_SOURCES: ReadonlySet<RelabelAction> = new Set([
  ...(['keep', 'drop', 'keepequal', 'dropequal', 'hashmod', 'lowercase', 'uppercase'] as const),
]);
const NAMES_ONLY: ReadonlySet<RelabelAction> = new Set(['labelmap', 'labeldrop', 'labelkeep']);

const labelName = z.string().min(1).max(256);

/** Prometheus' own names and defaults, so that rules can be taken over as they are. */
export const relabelRule = z
  .strictObject({
    source_labels: z
      .array(labelName)
      .max(32)
      .default([])
      .describe(
        'Labels whose values are joined. `__address__`, `__port__`, `__zone__`, `__region__`, `__weight__` and `__health__` are what the source says of the instance itself.',
      ),
    separator: z.string().max(16).default(';').describe('Between joined values. Default ";".'),
    regex: regex.default('(.*)').describe('RE2 over the whole text. Default "(.*)".'),
    modulus: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('Of `hashmod`.'),
    target_label: labelName.optional().describe('Label that is written, or compared with.'),
    replacement: z.string().max(1024).default('$1').describe('What is written; $1 is a group. Default "$1".'),
    action: z.enum(ACTIONS).default('replace').describe('What the rule does. Default replace.'),
  })
  .superRefine((rule, context) => {
    const fault = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    const { action } = rule;
    if (NEEDS_TARGET.has(action) && rule.target_label === undefined)
      fault('target_label', `the action ${action} needs target_label`);
    if (NEEDS_SOURCES.has(action) && rule.source_labels.length === 0)
      fault('source_labels', `the action ${action} needs source_labels`);
    if (NAMES_ONLY.has(action) && rule.source_labels.length > 0)
      fault('source_labels', `the action ${action} looks at names of labels: it takes only regex`);
    if ((action === 'hashmod') !== (rule.modulus !== undefined))
      fault(
        'modulus',
        action === 'hashmod' ? 'the action hashmod needs modulus' : 'only hashmod takes modulus',
      );
  })
  .transform(
    (rule): RelabelRule => ({
      action: rule.action,
      sourceLabels: rule.source_labels,
      separator: rule.separator,
      regex: rule.regex,
      targetLabel: rule.target_label ?? '',
      replacement: rule.replacement,
      modulus: rule.modulus ?? 0,
    }),
  );

export const relabelRules = z.array(relabelRule).max(64);
