import protobuf from 'protobufjs/minimal.js';
import {
  type Bundle,
  DEPTH_LIMIT,
  type FieldDescriptor,
  LONG_TYPES,
  type Message,
  setOwn,
} from './descriptor.ts';
import { WIRE_TYPE } from './encode-text.ts';
import { ProtoError } from './proto-error.ts';

type ReadMessage = (reader: protobuf.Reader, end: number, depth: number, into: Message) => Message;

interface Cell {
  read: ReadMessage;
}

interface LongValue {
  toNumber(): number;
  toString(): string;
}

const HELPERS = {
  /** A 64-bit integer as a number where that is exact, else as decimal text. */
  long(value: number | LongValue): number | string {
    if (typeof value === 'number') return value;
    const number = value.toNumber();
    return Number.isSafeInteger(number) ? number : value.toString();
  },
  end(reader: protobuf.Reader): number {
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new RangeError('a field is longer than the message that holds it');
    return end;
  },
  finish(reader: protobuf.Reader, end: number): void {
    if (reader.pos !== end) throw new RangeError('a field is longer than the message that holds it');
  },
  bytes: (reader: protobuf.Reader): Uint8Array => new Uint8Array(reader.bytes()),
  only(message: Message, names: readonly string[], keep: string): void {
    for (const name of names) if (name !== keep && message[name] !== undefined) delete message[name];
  },
  tooDeep(type: string): never {
    throw new ProtoError('', `${type} is nested more than ${DEPTH_LIMIT} levels deep`);
  },
  setOwn,
};

function defaultText(field: FieldDescriptor): string {
  if (field.kind === 'message') return '{}';
  if (field.kind === 'enum') return '0';
  if (field.type === 'string') return '""';
  if (field.type === 'bytes') return 'new Uint8Array(0)';
  return field.type === 'bool' ? 'false' : '0';
}

function readScalar(type: string): string {
  if (type === 'bytes') return 'h.bytes(r)';
  return LONG_TYPES.has(type) ? `h.long(r.${type}())` : `r.${type}()`;
}

class DecoderText {
  readonly children: string[] = [];

  #read(field: FieldDescriptor, into: string): string {
    if (field.kind === 'enum') return 'r.int32()';
    if (field.kind === 'scalar') return readScalar(field.type);
    return `c[${this.children.push(field.type) - 1}].read(r,h.end(r),d+1,${into})`;
  }

  #map(field: FieldDescriptor): string {
    const key = field.mapKey ?? 'string';
    const keyTag = 8 | (WIRE_TYPE[key] ?? 0);
    const valueTag = 16 | wireType(field);
    const loop = `while(r.pos<q){const u=r.uint32();if(u===${keyTag})k=${readScalar(key)};else if(u===${valueTag})v=${this.#read(field, '{}')};else r.skipType(u&7);}`;
    const fresh = `let k=${key === 'string' ? '""' : key === 'bool' ? 'false' : '0'},v=${defaultText(field)};`;
    const name = JSON.stringify(field.name);
    return `const q=h.end(r);${fresh}${loop}h.finish(r,q);h.setOwn(m[${name}]??={},String(k),v);`;
  }

  field(field: FieldDescriptor, siblings: readonly string[]): string {
    const tag = ((field.id << 3) | wireType(field)) >>> 0;
    const name = JSON.stringify(field.name);
    if (field.mapKey !== undefined) return `case ${((field.id << 3) | 2) >>> 0}:{${this.#map(field)}break;}`;
    if (field.repeated) {
      const push = `(m[${name}]??=[]).push(${this.#read(field, '{}')});`;
      const one = `case ${tag}:${push}break;`;
      if (wireType(field) === 2) return one;
      return `${one}case ${((field.id << 3) | 2) >>> 0}:{const q=h.end(r);while(r.pos<q)${push}h.finish(r,q);break;}`;
    }
    const only = siblings.length > 1 ? `h.only(m,${JSON.stringify(siblings)},${name});` : '';
    return `case ${tag}:${only}m[${name}]=${this.#read(field, `m[${name}]??{}`)};break;`;
  }
}

function wireType(field: FieldDescriptor): number {
  if (field.kind === 'message') return 2;
  return field.kind === 'enum' ? 0 : (WIRE_TYPE[field.type] ?? 0);
}

/**
 * Decoders, generated on first use of each message. Fields that the descriptors do not know are dropped;
 * what is absent on the wire is absent in the message.
 */
export class Decoders {
  readonly #bundle: Bundle;
  readonly #cells = new Map<string, Cell>();

  constructor(bundle: Bundle) {
    this.#bundle = bundle;
  }

  decode(type: string, bytes: Uint8Array): Message {
    const reader = protobuf.Reader.create(bytes);
    try {
      return this.#cell(type).read(reader, reader.len, 0, {});
    } catch (error) {
      if (error instanceof ProtoError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new ProtoError('', `these ${bytes.length} bytes are not a ${type}: ${why}`, error);
    }
  }

  #cell(type: string): Cell {
    const known = this.#cells.get(type);
    if (known !== undefined) return known;
    const cell: Cell = {
      read: (reader, end, depth, into) => {
        cell.read = this.#compile(type);
        return cell.read(reader, end, depth, into);
      },
    };
    this.#cells.set(type, cell);
    return cell;
  }

  #compile(type: string): ReadMessage {
    const text = new DecoderText();
    const fields = this.#bundle.messages[type]?.fields ?? [];
    const siblings = (field: FieldDescriptor): readonly string[] =>
      field.oneof === undefined
        ? []
        : fields.filter((other) => other.oneof === field.oneof).map(({ name }) => name);
    const cases = fields.map((field) => text.field(field, siblings(field))).join('\n');
    const loop = `while(r.pos<end){const t=r.uint32();switch(t){\n${cases}\ndefault:if(t>>>3===0)throw new RangeError("field number 0");r.skipType(t&7);}}`;
    const source = `"use strict";return function(r,end,d,m){if(d>${DEPTH_LIMIT})h.tooDeep(${JSON.stringify(type)});${loop}h.finish(r,end);return m;}`;
    const make = new Function('h', 'c', source);
    return make(
      HELPERS,
      text.children.map((child) => this.#cell(child)),
    );
  }
}
