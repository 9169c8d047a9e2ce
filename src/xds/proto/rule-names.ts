import type { Bundle, FieldRules, RuleValue } from './descriptor.ts';
import { ProtoError } from './proto-error.ts';

/** Nested rules: the groups under these are FieldRules again. */
const NESTED = new Set(['repeated.items', 'map.keys', 'map.values']);

/**
 * Refuses a rule that validate.proto does not define: a misspelt rule would silently check nothing.
 * This is where the dependency's validate.proto fails without its patch (`string.ignore_empty`).
 */
export function checkRules(bundle: Bundle): void {
  for (const [type, message] of Object.entries(bundle.messages))
    for (const field of message.fields)
      if (field.rules !== undefined) checkGroups(bundle, `${type}.${field.name}`, field.rules);
}

function checkGroups(bundle: Bundle, where: string, rules: FieldRules): void {
  for (const [group, values] of Object.entries(rules)) {
    const type = ruleField(bundle, 'validate.FieldRules', group)?.type;
    if (type === undefined) throw new ProtoError(where, `validate.FieldRules has no ${group}`);
    for (const [rule, value] of Object.entries(values)) {
      if (ruleField(bundle, type, rule) === undefined)
        throw new ProtoError(where, `${type} has no ${rule}; if it is new, add it in protos/patches`);
      if (NESTED.has(`${group}.${rule}`) && isRules(value)) checkGroups(bundle, where, value);
    }
  }
}

function ruleField(bundle: Bundle, type: string, rule: string): { readonly type: string } | undefined {
  return bundle.messages[type]?.fields.find((field) => (field.protoName ?? field.name) === rule);
}

/** The value of `items`, `keys` or `values` is an aggregate of rule groups by definition of validate.proto. */
export function isRules(value: RuleValue | undefined): value is FieldRules {
  return typeof value === 'object' && !Array.isArray(value);
}
