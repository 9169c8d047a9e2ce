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
import { didYouMean, fieldsByName, join } from './json-names.ts';
import { readBase64, readScalar } from './json-scalars.ts';
import { kindOf, ProtoError, show } from './proto-error.ts';

/** What is read from JSON is described by the bundle; a nested Any is packed by `encode`. */
export interface JsonReader {
  readonly bundle: Bundle;
  encode(type: string, message: Message): Uint8Array;
}

/** Canonical proto JSON (or its snake_case form) -> native message. Throws a ProtoError at the first mistake. */
export function readMessage(reader: JsonReader, type: string, json: unknown, path = '', depth = 0): Message {
  if (depth > DEPTH_LIMIT) throw new ProtoError('', `${type} is nested more than ${DEPTH_LIMIT} levels deep`);
  const wrapped = WRAPPED.get(type);
  if (wrapped !== undefined) return { value: readScalar(wrapped, json, path) };
  const known = KNOWN_TYPES.get(type);
  if (known !== undefined) return known.read(json, path, depth);
  if (!isRecord(json)) throw new ProtoError(path, `expected an object (${type}), got ${kindOf(json)}`);
  if (type === 'google.protobuf.Any') return readAny(reader, json, path, depth);
  return readFields(reader, type, json, path, depth);
}

function readFields(
  reader: JsonReader,
  type: string,
  json: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
): Message {
  const index = fieldsByName(reader.bundle.messages[type]?.fields ?? []);
  const message: Message = {};
  const oneofs = new Map<string, string>();
  for (const [key, value] of Object.entries(json)) {
    const field = index.get(key);
    if (field === undefined)
      throw new ProtoError(join(path, key), `${type} has no such field${didYouMean(key, index.keys())}`);
    if (value === null && field.type !== 'google.protobuf.Value') continue;
    if (Object.hasOwn(message, field.name))
      throw new ProtoError(join(path, key), 'this field is given twice');
    const other = field.oneof === undefined ? undefined : oneofs.get(field.oneof);
    if (other !== undefined)
      throw new ProtoError(join(path, key), `only one of ${field.oneof} may be set, and ${other} is already`);
    if (field.oneof !== undefined) oneofs.set(field.oneof, key);
    message[field.name] = readField(reader, field, value, join(path, key), depth);
  }
  return message;
}

function readField(
  reader: JsonReader,
  field: FieldDescriptor,
  json: unknown,
  path: string,
  depth: number,
): unknown {
  if (field.mapKey !== undefined) {
    if (!isRecord(json)) throw new ProtoError(path, `expected an object, got ${kindOf(json)}`);
    const map: Message = {};
    for (const [key, value] of Object.entries(json)) {
      const at = `${path}[${JSON.stringify(key)}]`;
      setOwn(map, String(readKey(field.mapKey, key, at)), readOne(reader, field, value, at, depth));
    }
    return map;
  }
  if (!field.repeated) return readOne(reader, field, json, path, depth);
  if (!Array.isArray(json)) throw new ProtoError(path, `expected a list, got ${kindOf(json)}`);
  return json.map((item, index) => readOne(reader, field, item, `${path}[${index}]`, depth));
}

function readKey(type: string, key: string, path: string): unknown {
  if (type !== 'bool') return readScalar(type, key, path);
  if (key === 'true' || key === 'false') return key;
  throw new ProtoError(path, 'expected the key true or false');
}

function readOne(
  reader: JsonReader,
  field: FieldDescriptor,
  json: unknown,
  path: string,
  depth: number,
): unknown {
  if (!field.sensitive) return readPlain(reader, field, json, path, depth);
  try {
    return readPlain(reader, field, json, path, depth);
  } catch (error) {
    // The usual text and cause may show the value.
    const at = error instanceof ProtoError && error.path !== '' ? error.path : path;
    throw new ProtoError(at, `does not fit ${field.type}; its value is sensitive and not shown`);
  }
}

function readPlain(
  reader: JsonReader,
  field: FieldDescriptor,
  json: unknown,
  path: string,
  depth: number,
): unknown {
  if (field.kind === 'message') return readMessage(reader, field.type, json, path, depth + 1);
  if (field.kind === 'enum') return readEnum(reader.bundle, field.type, json, path);
  return readScalar(field.type, json, path);
}

function readEnum(bundle: Bundle, type: string, json: unknown, path: string): number {
  if (typeof json === 'number' && Number.isInteger(json)) return json;
  const values = bundle.enums[type] ?? {};
  if (typeof json !== 'string') throw new ProtoError(path, `expected a name of ${type}, got ${show(json)}`);
  const value = Object.hasOwn(values, json) ? values[json] : undefined;
  if (value !== undefined) return value;
  throw new ProtoError(path, `${show(json)} is no name of ${type}${didYouMean(json, Object.keys(values))}`);
}

function readAny(
  reader: JsonReader,
  json: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
): Message {
  const { '@type': typeUrl, ...rest } = json;
  if (typeUrl === undefined) return readRawAny(json, path);
  if (typeof typeUrl !== 'string')
    throw new ProtoError(join(path, '@type'), `expected a type URL, got ${show(typeUrl)}`);
  const type = typeNameOf(typeUrl);
  if (reader.bundle.messages[type] === undefined) return unknownAny(reader.bundle, typeUrl, rest, path);
  const own = WRAPPED.has(type) || KNOWN_TYPES.has(type) || type === 'google.protobuf.Any';
  const message = own
    ? readMessage(reader, type, rest['value'], join(path, 'value'), depth + 1)
    : readMessage(reader, type, rest, path, depth + 1);
  return { typeUrl, value: reader.encode(type, message) };
}

/** `{type_url, value}` with base64: the way to use an extension that no descriptor describes. */
function readRawAny(json: Readonly<Record<string, unknown>>, path: string): Message {
  const typeUrl = json['typeUrl'] ?? json['type_url'];
  const extra = Object.keys(json).find((key) => !['typeUrl', 'type_url', 'value'].includes(key));
  if (Object.keys(json).length === 0) return {};
  if (typeof typeUrl !== 'string' || extra !== undefined)
    throw new ProtoError(join(path, '@type'), 'is missing: it says which message this is');
  return { typeUrl, value: readBase64(json['value'] ?? '', join(path, 'value')) };
}

function unknownAny(
  bundle: Bundle,
  typeUrl: string,
  rest: Readonly<Record<string, unknown>>,
  path: string,
): Message {
  const value = rest['value'];
  const raw = Object.keys(rest).length === 1 && typeof value === 'string' && value !== '';
  if (raw) return { typeUrl, value: readBase64(value, join(path, 'value')) };
  const hint = didYouMean(typeNameOf(typeUrl), Object.keys(bundle.messages));
  throw new ProtoError(
    join(path, '@type'),
    `unknown message ${JSON.stringify(typeUrl.slice(0, 200))}${hint}`,
  );
}
