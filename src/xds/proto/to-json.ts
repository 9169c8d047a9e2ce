import {
  type Bundle,
  DEPTH_LIMIT,
  type FieldDescriptor,
  isRecord,
  type Message,
  setOwn,
  typeNameOf,
  WRAPPED,
} from './descriptor.ts';
import { KNOWN_TYPES } from './json-known.ts';
import { join } from './json-names.ts';
import { isDefault, writeScalar } from './json-scalars.ts';
import { kindOf, ProtoError } from './proto-error.ts';

export interface JsonWriter {
  readonly bundle: Bundle;
  decode(type: string, bytes: Uint8Array): Message;
  /** Show `[redacted]` in place of every field that Envoy's API marks as sensitive. */
  readonly redact: boolean;
}

const REDACTED = '[redacted]';

/** Native message -> canonical proto JSON: fields in the order of their numbers, maps sorted. */
export function writeMessage(
  writer: JsonWriter,
  type: string,
  message: unknown,
  path = '',
  depth = 0,
): unknown {
  if (depth > DEPTH_LIMIT) throw new ProtoError('', `${type} is nested more than ${DEPTH_LIMIT} levels deep`);
  if (!isRecord(message)) throw new ProtoError(path, `expected a ${type}, got ${kindOf(message)}`);
  const wrapped = WRAPPED.get(type);
  if (wrapped !== undefined) return writeScalar(wrapped, message['value'] ?? scalarDefault(wrapped));
  const known = KNOWN_TYPES.get(type);
  if (known !== undefined) return known.write(message, path);
  if (type === 'google.protobuf.Any') return writeAny(writer, message, path, depth);
  const json: Record<string, unknown> = {};
  for (const field of writer.bundle.messages[type]?.fields ?? []) {
    const value = message[field.name];
    if (value === undefined || value === null || isLeftOut(field, value)) continue;
    const at = join(path, field.name);
    json[field.jsonName ?? field.name] =
      field.sensitive && writer.redact ? REDACTED : writeField(writer, field, value, at, depth);
  }
  return json;
}

function scalarDefault(type: string): unknown {
  if (type === 'string' || type === 'bytes') return '';
  return type === 'bool' ? false : 0;
}

function isLeftOut(field: FieldDescriptor, value: unknown): boolean {
  if (field.mapKey !== undefined) return isRecord(value) && Object.keys(value).length === 0;
  if (field.repeated) return Array.isArray(value) && value.length === 0;
  return field.kind !== 'message' && !field.presence && isDefault(value);
}

function writeField(
  writer: JsonWriter,
  field: FieldDescriptor,
  value: unknown,
  path: string,
  depth: number,
): unknown {
  if (field.mapKey !== undefined) {
    if (!isRecord(value)) throw new ProtoError(path, `expected an object, got ${kindOf(value)}`);
    const map: Record<string, unknown> = {};
    for (const key of Object.keys(value).sort())
      setOwn(map, key, writeOne(writer, field, value[key], `${path}[${JSON.stringify(key)}]`, depth));
    return map;
  }
  if (!field.repeated) return writeOne(writer, field, value, path, depth);
  if (!Array.isArray(value)) throw new ProtoError(path, `expected a list, got ${kindOf(value)}`);
  return value.map((item, index) => writeOne(writer, field, item, `${path}[${index}]`, depth));
}

function writeOne(
  writer: JsonWriter,
  field: FieldDescriptor,
  value: unknown,
  path: string,
  depth: number,
): unknown {
  if (field.kind === 'message') return writeMessage(writer, field.type, value, path, depth + 1);
  if (field.kind === 'scalar') return writeScalar(field.type, value);
  if (field.type === 'google.protobuf.NullValue') return null;
  return typeof value === 'number' ? (nameOf(writer.bundle, field.type, value) ?? value) : value;
}

function nameOf(bundle: Bundle, type: string, id: number): string | undefined {
  return Object.entries(bundle.enums[type] ?? {}).find(([, value]) => value === id)?.[0];
}

function writeAny(writer: JsonWriter, message: Message, path: string, depth: number): unknown {
  const { typeUrl, value } = message;
  if (typeof typeUrl !== 'string' || typeUrl === '') return {};
  const bytes = value instanceof Uint8Array ? value : new Uint8Array(0);
  const type = typeNameOf(typeUrl);
  if (writer.bundle.messages[type] === undefined)
    return { '@type': typeUrl, value: writer.redact ? REDACTED : writeScalar('bytes', bytes) };
  const inner = writeMessage(writer, type, decodeAt(writer, type, bytes, path), path, depth + 1);
  const own = WRAPPED.has(type) || KNOWN_TYPES.has(type) || type === 'google.protobuf.Any';
  return own || !isRecord(inner) ? { '@type': typeUrl, value: inner } : { '@type': typeUrl, ...inner };
}

function decodeAt(writer: JsonWriter, type: string, bytes: Uint8Array, path: string): Message {
  try {
    return writer.decode(type, bytes);
  } catch (error) {
    if (error instanceof ProtoError) throw new ProtoError(path, error.reason, error);
    throw error;
  }
}
