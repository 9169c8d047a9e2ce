import { conditionsOf } from './check-rules.ts';
import { type Bundle, type FieldDescriptor, type FieldRules, type RuleValue, WRAPPED } from './descriptor.ts';
import { isRules } from './rule-names.ts';

type Rules = Readonly<Record<string, RuleValue>>;

const STRUCTURAL = new Set(['message', 'repeated', 'map']);
const NO_VALUES = {};

function defaultText(type: string): string {
  if (type === 'string') return '""';
  if (type === 'bytes') return 'new Uint8Array(0)';
  return type === 'bool' ? 'false' : '0';
}

/**
 * Writes the source text of one message's checks. Only fields with a rule, or with a message below which
 * there is one, appear in it. Names and limits come from descriptors and are quoted.
 */
export class CheckerText {
  readonly children: string[] = [];
  readonly constants: unknown[] = [];
  readonly #bundle: Bundle;
  readonly #hasRules: (type: string) => boolean;

  constructor(bundle: Bundle, hasRules: (type: string) => boolean) {
    this.#bundle = bundle;
    this.#hasRules = hasRules;
  }

  message(type: string): string {
    const message = this.#bundle.messages[type];
    const own = type === 'google.protobuf.Any' ? ['h.any(m,o);'] : [];
    const fields = (message?.fields ?? []).map((field) => this.#field(field));
    const oneofs = (message?.requiredOneofs ?? []).map((name) => this.#oneof(name, message?.fields ?? []));
    return [...own, ...fields, ...oneofs].join('\n');
  }

  #oneof(name: string, fields: readonly FieldDescriptor[]): string {
    const names = fields.filter((field) => field.oneof === name).map((field) => field.name);
    const unset = names.map((field) => `m[${JSON.stringify(field)}]==null`).join('&&');
    return `if(${unset})${this.#fail(JSON.stringify(name), 'oneof.required', `one of ${names.join(', ')} must be set`)}`;
  }

  #fail(path: string, rule: string, message: string): string {
    return `h.fail(o,${path},${JSON.stringify(rule)},${JSON.stringify(message)});`;
  }

  #field(field: FieldDescriptor): string {
    const name = JSON.stringify(field.name);
    const body = this.#body(field, name);
    return body === '' ? '' : `{let v=m[${name}];${body}}`;
  }

  #body(field: FieldDescriptor, name: string): string {
    if (field.mapKey !== undefined) return this.#map(field, name);
    if (field.repeated) return this.#list(field, name);
    const required = this.#required(field, name);
    const checks = this.#value(field, field.rules ?? {}, name);
    if (checks === '') return required;
    const optional = field.kind === 'message' || field.presence;
    if (optional) return `${required}if(v!=null){${checks}}`;
    return `if(v==null)v=${field.kind === 'enum' ? '0' : defaultText(field.type)};${checks}`;
  }

  #required(field: FieldDescriptor, path: string): string {
    // protoc-gen-validate looks at a oneof's members only once they are the one that is set.
    if (field.oneof !== undefined) return '';
    const groups = ['message', 'any', 'duration', 'timestamp'];
    const group = groups.find((candidate) => field.rules?.[candidate]?.['required'] === true);
    return group === undefined ? '' : `if(v==null)${this.#fail(path, `${group}.required`, 'must be set')}`;
  }

  /** The checks of a value in `v` that is set: its rules, then what lies below it. */
  #value(field: Pick<FieldDescriptor, 'kind' | 'type'>, rules: FieldRules, path: string): string {
    const own = this.#conditions(field, rules, path);
    if (field.kind !== 'message' || rules['message']?.['skip'] === true || !this.#hasRules(field.type))
      return own;
    const child = this.children.push(field.type) - 1;
    const below = `const b=o.length;c[${child}].check(v,o);if(o.length!==b)h.under(o,b,${path});`;
    return `if(typeof v==="object"&&v!==null){${own}${below}}`;
  }

  #conditions(field: Pick<FieldDescriptor, 'kind' | 'type'>, rules: FieldRules, path: string): string {
    const values = field.kind === 'enum' ? (this.#bundle.enums[field.type] ?? NO_VALUES) : NO_VALUES;
    const constant = (value: unknown): string => `k[${this.constants.push(value) - 1}]`;
    const tests = Object.entries(rules)
      .filter(([group]) => !STRUCTURAL.has(group))
      .flatMap(([group, values_]) => conditionsOf(group, values_, values, constant))
      .map(({ fails, rule, message }) => `if(${fails})${this.#fail(path, rule, message)}`);
    const wrapped = WRAPPED.get(field.type);
    if (tests.length === 0 || wrapped === undefined) return tests.join('');
    return `{const x=v;{const v=x.value??${defaultText(wrapped)};${tests.join('')}}}`;
  }

  #list(field: FieldDescriptor, name: string): string {
    const rules: Rules = field.rules?.['repeated'] ?? {};
    const { min_items: min, max_items: max, unique, items } = rules;
    const count = [
      min === undefined
        ? ''
        : `if(n<${Number(min)})${this.#fail(name, 'repeated.min_items', `must have at least ${Number(min)} items`)}`,
      max === undefined
        ? ''
        : `if(n>${Number(max)})${this.#fail(name, 'repeated.max_items', `must have at most ${Number(max)} items`)}`,
      unique === true
        ? `if(n>1&&new Set(v).size!==n)${this.#fail(name, 'repeated.unique', 'must not hold the same item twice')}`
        : '',
    ].join('');
    const each = this.#value(field, isRules(items) ? items : {}, `${name}+"["+i+"]"`);
    const loop = each === '' ? '' : `for(let i=0;i<n;i++){const v=l[i];${each}}`;
    return count + loop === '' ? '' : `const l=v,n=v==null?0:v.length;${count}${loop}`;
  }

  #map(field: FieldDescriptor, name: string): string {
    const { min_pairs: min, max_pairs: max, keys, values }: Rules = field.rules?.['map'] ?? {};
    const path = `${name}+"["+JSON.stringify(key)+"]"`;
    const count = [
      min === undefined
        ? ''
        : `if(n<${Number(min)})${this.#fail(name, 'map.min_pairs', `must have at least ${Number(min)} entries`)}`,
      max === undefined
        ? ''
        : `if(n>${Number(max)})${this.#fail(name, 'map.max_pairs', `must have at most ${Number(max)} entries`)}`,
    ].join('');
    const key = { kind: 'scalar', type: field.mapKey ?? 'string' } as const;
    const keyChecks = isRules(keys) ? this.#value(key, keys, path) : '';
    const each = this.#value(field, isRules(values) ? values : {}, path);
    const loop = `${keyChecks === '' ? '' : `{const v=key;${keyChecks}}`}${each === '' ? '' : `{const v=l[key];${each}}`}`;
    if (count + loop === '') return '';
    return `const l=v,s=v==null?[]:Object.keys(v).sort(),n=s.length;${count}${loop === '' ? '' : `for(const key of s){${loop}}`}`;
  }
}
