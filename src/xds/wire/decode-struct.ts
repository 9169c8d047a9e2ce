import type protobuf from 'protobufjs/minimal.js';
import { internText } from './intern.ts';

type Reader = protobuf.Reader;

/** Deeper values are refused: a Struct nested without end would end the process. */
const DEEPEST = 32;

/** google.protobuf.Struct as plain data. The object has no prototype: a key may be `__proto__`. */
export function decodeStruct(reader: Reader, end: number, depth = 0): Readonly<Record<string, unknown>> {
  checkDepth(depth);
  const fields: Record<string, unknown> = Object.create(null);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) readField(reader, reader.uint32() + reader.pos, fields, depth);
    else reader.skipType(tag & 7);
  }
  return fields;
}

function readField(reader: Reader, end: number, fields: Record<string, unknown>, depth: number): void {
  let key = '';
  let value: unknown = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = internText(reader.string());
    else if (tag === 18) value = readValue(reader, reader.uint32() + reader.pos, depth);
    else reader.skipType(tag & 7);
  }
  fields[key] = value;
}

function readValue(reader: Reader, end: number, depth: number): unknown {
  let value: unknown = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 17:
        value = reader.double();
        break;
      case 26:
        value = internText(reader.string());
        break;
      case 32:
        value = reader.bool();
        break;
      case 42:
        value = decodeStruct(reader, reader.uint32() + reader.pos, depth + 1);
        break;
      case 50:
        value = readList(reader, reader.uint32() + reader.pos, depth + 1);
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return value;
}

function readList(reader: Reader, end: number, depth: number): readonly unknown[] {
  checkDepth(depth);
  const values: unknown[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) values.push(readValue(reader, reader.uint32() + reader.pos, depth));
    else reader.skipType(tag & 7);
  }
  return values;
}

function checkDepth(depth: number): void {
  if (depth >= DEEPEST) throw new RangeError(`metadata is nested deeper than ${DEEPEST}`);
}
