/** The descriptor bundle: plain JSON, names absolute, nothing left to resolve, so that loading is one parse. */

export interface DurationLimit {
  readonly seconds?: number | string;
  readonly nanos?: number;
}

/** One rule value as written in a `.proto` file; aggregates (durations, nested rules) are objects. */
export type RuleValue =
  | string
  | number
  | boolean
  | DurationLimit
  | FieldRules
  | readonly (string | number | boolean | DurationLimit)[];

/** `validate.FieldRules` by rule group (`string`, `uint32`, `repeated` ...), names as in validate.proto. */
export interface FieldRules {
  readonly [group: string]: { readonly [rule: string]: RuleValue };
}

export interface FieldDescriptor {
  /** Property name in messages. */
  readonly name: string;
  /** Name in the `.proto` file, when it differs from `name`. */
  readonly protoName?: string;
  /** Name in canonical JSON, when it differs from `name`. */
  readonly jsonName?: string;
  readonly id: number;
  /** A scalar's name, or the full name of an enum or message. */
  readonly type: string;
  readonly kind: 'scalar' | 'enum' | 'message';
  readonly repeated?: true;
  readonly mapKey?: string;
  readonly oneof?: string;
  /** An unset field differs from one set to its default value. */
  readonly presence?: true;
  readonly packed?: true;
  /** Marked `udpa.annotations.sensitive`: its value must not be shown. */
  readonly sensitive?: true;
  readonly rules?: FieldRules;
}

export interface MessageDescriptor {
  /** Ordered by field number, the order on the wire. */
  readonly fields: readonly FieldDescriptor[];
  readonly requiredOneofs?: readonly string[];
}

export interface Bundle {
  readonly messages: Readonly<Record<string, MessageDescriptor>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** A native message: property per field, as protobufjs takes it. */
export type Message = Record<string, unknown>;

/** Messages nested deeper than this are refused, as Envoy's own parser does. */
export const DEPTH_LIMIT = 100;

const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'];

/** google.protobuf wrapper message -> the scalar it wraps. */
export const WRAPPED: ReadonlyMap<string, string> = new Map(
  WRAPPERS.map((name) => [`google.protobuf.${name}Value`, name.toLowerCase()]),
);

export const LONG_TYPES: ReadonlySet<string> = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

/** The type's full name in a type URL: everything after the last slash. */
export function typeNameOf(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

/** Whether a value can hold properties by name: an object, neither array nor bytes. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** Sets a property even when it is called `__proto__`. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
