import { DEPTH_LIMIT, isRecord, type Message, setOwn } from './descriptor.ts';
import { longText } from './json-scalars.ts';
import { kindOf, ProtoError, show } from './proto-error.ts';

/** Google's well-known types that have a JSON form of their own; wrappers and Any are handled by their callers. */
interface KnownType {
  read(json: unknown, path: string, depth: number): Message;
  write(message: Message, path: string): unknown;
}

const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/;

/** 3, 6 or 9 digits, as the canonical form wants. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}

function timeFields(seconds: number, nanos: number): Message {
  return { ...(seconds !== 0 && { seconds }), ...(nanos !== 0 && { nanos }) };
}

const numberOf = (value: unknown): number => Number(longText(value));

const duration: KnownType = {
  read(json, path) {
    const match = typeof json === 'string' ? DURATION.exec(json) : null;
    if (match === null)
      throw new ProtoError(path, `expected a duration such as "5s" or "0.250s", got ${show(json)}`);
    const sign = match[1] === '-' ? -1 : 1;
    const nanos = Number((match[3] ?? '').padEnd(9, '0'));
    return timeFields(sign * Number(match[2]) || 0, sign * nanos || 0);
  },
  write(message) {
    const seconds = numberOf(message['seconds']);
    const nanos = numberOf(message['nanos']);
    const sign = seconds < 0 || nanos < 0 ? '-' : '';
    return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
  },
};

const timestamp: KnownType = {
  read(json, path) {
    const match = typeof json === 'string' ? TIMESTAMP.exec(json) : null;
    const millis = match === null ? Number.NaN : Date.parse(match[0]);
    if (match === null || Number.isNaN(millis))
      throw new ProtoError(path, `expected a time such as "2026-01-31T12:00:00Z", got ${show(json)}`);
    return timeFields(Math.floor(millis / 1000), Number((match[1] ?? '').padEnd(9, '0')));
  },
  write(message, path) {
    const date = new Date(numberOf(message['seconds']) * 1000);
    if (Number.isNaN(date.getTime())) throw new ProtoError(path, 'a time outside the years 1 to 9999');
    return date.toISOString().replace(/\.\d+Z$/, `${fraction(numberOf(message['nanos']))}Z`);
  },
};

const fieldMask: KnownType = {
  read(json, path) {
    if (typeof json !== 'string')
      throw new ProtoError(path, `expected paths joined by commas, got ${show(json)}`);
    const snake = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return { paths: json === '' ? [] : json.split(',').map(snake) };
  },
  write(message) {
    const paths = Array.isArray(message['paths']) ? message['paths'] : [];
    return paths
      .map((path) => String(path).replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()))
      .join(',');
  },
};

function guard(depth: number, path: string): void {
  if (depth > DEPTH_LIMIT) throw new ProtoError(path, `nested more than ${DEPTH_LIMIT} levels deep`);
}

function readValue(json: unknown, path: string, depth: number): Message {
  guard(depth, '');
  if (json === null || json === undefined) return { nullValue: 0 };
  if (typeof json === 'string') return { stringValue: json };
  if (typeof json === 'boolean') return { boolValue: json };
  if (Array.isArray(json)) return { listValue: readList(json, path, depth + 1) };
  if (typeof json === 'number' && Number.isFinite(json)) return { numberValue: json };
  if (isRecord(json)) return { structValue: readStruct(json, path, depth + 1) };
  throw new ProtoError(path, `expected a JSON value, got ${kindOf(json)}`);
}

function readStruct(json: unknown, path: string, depth: number): Message {
  if (!isRecord(json)) throw new ProtoError(path, `expected an object, got ${kindOf(json)}`);
  const fields: Message = {};
  for (const [key, value] of Object.entries(json))
    setOwn(fields, key, readValue(value, `${path}.${key}`, depth + 1));
  return { fields };
}

function readList(json: unknown, path: string, depth: number): Message {
  if (!Array.isArray(json)) throw new ProtoError(path, `expected a list, got ${kindOf(json)}`);
  return { values: json.map((item, index) => readValue(item, `${path}[${index}]`, depth + 1)) };
}

function writeValue(value: unknown, path: string, depth: number): unknown {
  guard(depth, '');
  if (!isRecord(value)) return null;
  if (value['structValue'] !== undefined) return writeStruct(value['structValue'], path, depth + 1);
  if (value['listValue'] !== undefined) return writeList(value['listValue'], path, depth + 1);
  const scalar = value['stringValue'] ?? value['numberValue'] ?? value['boolValue'] ?? null;
  if (typeof scalar === 'number' && !Number.isFinite(scalar))
    throw new ProtoError(path, 'NaN and Infinity have no form in a google.protobuf.Value');
  return scalar;
}

function writeStruct(struct: unknown, path: string, depth: number): unknown {
  const fields = isRecord(struct) && isRecord(struct['fields']) ? struct['fields'] : {};
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(fields).sort())
    setOwn(out, key, writeValue(fields[key], `${path}.${key}`, depth + 1));
  return out;
}

function writeList(list: unknown, path: string, depth: number): unknown[] {
  const values = isRecord(list) && Array.isArray(list['values']) ? list['values'] : [];
  return values.map((item, index) => writeValue(item, `${path}[${index}]`, depth + 1));
}

export const KNOWN_TYPES: ReadonlyMap<string, KnownType> = new Map([
  ['google.protobuf.Duration', duration],
  ['google.protobuf.Timestamp', timestamp],
  ['google.protobuf.FieldMask', fieldMask],
  ['google.protobuf.Value', { read: readValue, write: (message, path) => writeValue(message, path, 0) }],
  ['google.protobuf.Struct', { read: readStruct, write: (message, path) => writeStruct(message, path, 0) }],
  ['google.protobuf.ListValue', { read: readList, write: (message, path) => writeList(message, path, 0) }],
]);
