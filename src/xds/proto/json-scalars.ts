import { LONG_TYPES } from './descriptor.ts';
import { ProtoError, show } from './proto-error.ts';

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** Every integer type of protobuf is one of four ranges. */
function rangeOf(type: string): readonly [bigint, bigint] | undefined {
  return RANGES[type.replace('sint', 'int').replace('sfixed', 'int').replace('fixed', 'uint')];
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const MAX_FLOAT = 3.4028234663852886e38;

function wrong(path: string, expected: string, json: unknown): never {
  throw new ProtoError(path, `expected ${expected}, got ${show(json)}`);
}

function readInteger(
  type: string,
  range: readonly [bigint, bigint],
  json: unknown,
  path: string,
): number | string {
  const number = typeof json === 'string' && NUMBER.test(json) ? Number(json) : json;
  if (typeof number !== 'number' || !Number.isInteger(number)) return wrong(path, 'an integer', json);
  const exact = typeof json === 'string' && /^-?\d{1,20}$/.test(json) ? BigInt(json) : BigInt(number);
  if (exact < range[0] || exact > range[1])
    throw new ProtoError(path, `must be between ${range[0]} and ${range[1]} (${type}), got ${show(json)}`);
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact.toString();
}

function readFloat(type: string, json: unknown, path: string): number {
  if (typeof json === 'string' && json in SPECIAL) return SPECIAL[json] ?? 0;
  const number = typeof json === 'string' && NUMBER.test(json) ? Number(json) : json;
  if (typeof number !== 'number' || !Number.isFinite(number)) return wrong(path, 'a number', json);
  if (type === 'float' && Math.abs(number) > MAX_FLOAT)
    return wrong(path, 'a number that fits a float', json);
  return number;
}

/** Standard or URL-safe base64, with or without padding. */
export function readBase64(json: unknown, path: string): Uint8Array {
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json))
    return wrong(path, 'base64 text', json);
  return new Uint8Array(Buffer.from(json, 'base64'));
}

/** One scalar from canonical proto JSON. */
export function readScalar(type: string, json: unknown, path: string): unknown {
  const range = rangeOf(type);
  if (range !== undefined) return readInteger(type, range, json, path);
  if (type === 'bool') return typeof json === 'boolean' ? json : wrong(path, 'true or false', json);
  if (type === 'bytes') return readBase64(json, path);
  if (type === 'string') return typeof json === 'string' ? json : wrong(path, 'a string', json);
  return readFloat(type, json, path);
}

/** The text of a 64-bit integer in any of its native forms: number, decimal text, or protobufjs' Long. */
export function longText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'low' in value && 'high' in value)
    return joinLong(value);
  return String(value ?? 0);
}

function joinLong(value: {
  readonly low: unknown;
  readonly high: unknown;
  readonly unsigned?: unknown;
}): string {
  const bits = (BigInt(Number(value.high)) << 32n) | BigInt(Number(value.low) >>> 0);
  return (value.unsigned === true ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits)).toString();
}

/** One scalar as canonical proto JSON. */
export function writeScalar(type: string, value: unknown): unknown {
  if (LONG_TYPES.has(type)) return longText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

/** Whether a scalar or an enum number equals its type's default, which JSON and wire leave out. */
export function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  if (typeof value === 'object') return longText(value) === '0';
  return value === '' || value === false || Object.is(value, 0) || value === '0';
}
