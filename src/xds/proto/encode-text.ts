import { type FieldDescriptor, LONG_TYPES } from './descriptor.ts';

export const WIRE_TYPE: Readonly<Record<string, number>> = {
  double: 1,
  float: 5,
  int32: 0,
  uint32: 0,
  sint32: 0,
  fixed32: 5,
  sfixed32: 5,
  int64: 0,
  uint64: 0,
  sint64: 0,
  fixed64: 1,
  sfixed64: 1,
  bool: 0,
  string: 2,
  bytes: 2,
};

function scalarTest(type: string, value: string): [test: string, expected: string] {
  if (type === 'string') return [`typeof ${value}==="string"`, 'a string'];
  if (type === 'bool') return [`typeof ${value}==="boolean"`, 'true or false'];
  if (type === 'bytes') return [`${value} instanceof Uint8Array`, 'bytes'];
  if (LONG_TYPES.has(type)) return [`h.isLong(${value})`, 'an integer'];
  if (type === 'double' || type === 'float') return [`typeof ${value}==="number"`, 'a number'];
  return [`Number.isInteger(${value})`, `an integer (${type})`];
}

/** Writes the source text of one encoder; every string put into the text is a name from a descriptor, quoted. */
export class EncoderText {
  readonly children: string[] = [];
  readonly enums: string[] = [];
  readonly #type: string;

  constructor(type: string) {
    this.#type = type;
  }

  #where(field: FieldDescriptor): string {
    return JSON.stringify(`${this.#type}.${field.name}`);
  }

  /** Checks `v` and leaves in `v` what the writer takes (an enum's number). */
  #check(field: FieldDescriptor): string {
    if (field.kind === 'message')
      return `if(v===null||typeof v!=="object"||Array.isArray(v)||ArrayBuffer.isView(v))h.fail(${this.#where(field)},"an object",v);`;
    if (field.kind === 'scalar') {
      const [test, expected] = scalarTest(field.type, 'v');
      return `if(!(${test}))h.fail(${this.#where(field)},${JSON.stringify(expected)},v);`;
    }
    const names = `e[${this.enums.push(field.type) - 1}]`;
    const name = `const n=${names}.get(v);if(n===undefined)h.failName(${this.#where(field)},${JSON.stringify(field.type)},v);v=n;`;
    return `if(typeof v==="string"){${name}}else if(!Number.isInteger(v))h.fail(${this.#where(field)},"a name or number of ${field.type}",v);`;
  }

  #put(field: FieldDescriptor, id: number): string {
    if (field.kind === 'message') {
      const child = this.children.push(field.type) - 1;
      return `c[${child}].write(v,w.uint32(${((id << 3) | 2) >>> 0}).fork(),d+1);w.ldelim();`;
    }
    const type = field.kind === 'enum' ? 'int32' : field.type;
    return `w.uint32(${((id << 3) | (WIRE_TYPE[type] ?? 0)) >>> 0}).${type}(v);`;
  }

  #notDefault(field: FieldDescriptor): string {
    if (field.presence || field.kind === 'message') return '';
    if (field.type === 'string' || field.type === 'bytes') return 'if(v.length)';
    if (field.type === 'bool') return 'if(v)';
    if (LONG_TYPES.has(field.type)) return 'if(typeof v==="object"?v.low||v.high:v!=0)';
    return field.type === 'double' || field.type === 'float' ? 'if(!Object.is(v,0))' : 'if(v!==0)';
  }

  #map(field: FieldDescriptor): string {
    const key = field.mapKey ?? 'string';
    const keys = key === 'string' || key === 'bool' ? 'keys' : 'numberKeys';
    const read =
      key === 'string' ? 'k' : key === 'bool' ? 'k==="true"' : LONG_TYPES.has(key) ? 'k' : 'Number(k)';
    const entry = `w.uint32(${((field.id << 3) | 2) >>> 0}).fork().uint32(${8 | (WIRE_TYPE[key] ?? 0)}).${key}(${read});`;
    return `if(!h.isRecord(l))h.fail(${this.#where(field)},"an object",l);for(const k of h.${keys}(l)){let v=l[k];${this.#check(field)}${entry}${this.#put(field, 2)}w.ldelim();}`;
  }

  #list(field: FieldDescriptor): string {
    const isList = `if(!Array.isArray(l))h.fail(${this.#where(field)},"a list",l);`;
    if (!field.packed)
      return `${isList}for(let i=0;i<l.length;i++){let v=l[i];${this.#check(field)}${this.#put(field, field.id)}}`;
    const type = field.kind === 'enum' ? 'int32' : field.type;
    const open = `w.uint32(${((field.id << 3) | 2) >>> 0}).fork();`;
    return `${isList}if(l.length){${open}for(let i=0;i<l.length;i++){let v=l[i];${this.#check(field)}w.${type}(v);}w.ldelim();}`;
  }

  field(field: FieldDescriptor): string {
    const name = JSON.stringify(field.name);
    if (field.mapKey !== undefined) return `{const l=m[${name}];if(l!=null){${this.#map(field)}}}`;
    if (field.repeated) return `{const l=m[${name}];if(l!=null){${this.#list(field)}}}`;
    return `{let v=m[${name}];if(v!=null){${this.#check(field)}${this.#notDefault(field)}{${this.#put(field, field.id)}}}}`;
  }
}
