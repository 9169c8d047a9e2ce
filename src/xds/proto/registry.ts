import { compileCheckers, type Violation } from './check.ts';
import { Decoders } from './decode.ts';
import type { Bundle, Message } from './descriptor.ts';
import { Encoders } from './encode.ts';
import { readMessage } from './from-json.ts';
import { nearest } from './nearest.ts';
import { ProtoError } from './proto-error.ts';
import { loadBundle } from './store.ts';
import { writeMessage } from './to-json.ts';

export type { Violation } from './check.ts';
export { ProtoError } from './proto-error.ts';
export { writeBundle } from './store.ts';

/** google.protobuf.Any in native shape. */
export interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * Envoy's messages by full name (`envoy.config.cluster.v3.Cluster`). Messages are plain objects in protobufjs'
 * native shape: camelCase, wrappers `{value}`, durations `{seconds, nanos}`, enums as numbers or names, 64-bit
 * integers as numbers or decimal text. Every method throws a ProtoError for an unknown type.
 */
export interface ProtoRegistry {
  has(type: string): boolean;
  /** The same message gives the same bytes whatever the order its maps were filled in. */
  encode(type: string, message: object): Uint8Array;
  /** Drops fields it does not know; 64-bit integers beyond 2^53 become decimal text. */
  decode(type: string, bytes: Uint8Array): Message;
  /** Packs a message under `type.googleapis.com/<type>`. */
  any(type: string, message: object): AnyMessage;
  /** Canonical proto JSON, or the same with snake_case names, to a native message. */
  fromJson(type: string, json: unknown): Message;
  /** Canonical proto JSON with nested Any expanded; `redact` hides what Envoy's API marks as sensitive. */
  toJson(type: string, message: object, options?: { readonly redact?: boolean }): unknown;
  /** What breaks `validate.rules`, also inside nested Any of known types; empty when all holds. */
  violations(type: string, message: object): readonly Violation[];
  /** Every message's full name, sorted. */
  types(): readonly string[];
  /** `encode` of one type without the look-up. */
  encoder(type: string): (message: object) => Uint8Array;
  /** `violations` of one type without the look-up. */
  checker(type: string): (message: object) => readonly Violation[];
}

let loaded: ProtoRegistry | undefined;

/**
 * The registry of this process, made on the first call.
 * @throws ProtoError when there is neither a descriptor bundle nor the protos to build one from.
 */
export function loadRegistry(): ProtoRegistry {
  loaded ??= createRegistry(loadBundle());
  return loaded;
}

/** A registry of the given descriptors. */
export function createRegistry(descriptors: Bundle): ProtoRegistry {
  const bundle = withoutPrototypes(descriptors);
  const encoders = new Encoders(bundle);
  const decoders = new Decoders(bundle);
  const checkers = compileCheckers(bundle, (type, bytes) => decoders.decode(type, bytes));
  const known = (type: string): string => requireType(bundle, type);
  const encode = (type: string, message: object): Uint8Array => encoders.encoder(known(type))(message);
  const decode = (type: string, bytes: Uint8Array): Message => decoders.decode(known(type), bytes);
  return {
    has: (type) => Object.hasOwn(bundle.messages, type),
    encode,
    decode,
    any: (type, message) => ({ typeUrl: `type.googleapis.com/${type}`, value: encode(type, message) }),
    fromJson: (type, json) => readMessage({ bundle, encode }, known(type), json),
    toJson: (type, message, { redact = false } = {}) =>
      writeMessage({ bundle, decode, redact }, known(type), message),
    violations: (type, message) => checkers(known(type))(message),
    types: () => Object.keys(bundle.messages).sort(),
    encoder: (type) => encoders.encoder(known(type)),
    checker: (type) => checkers(known(type)),
  };
}

function requireType(bundle: Bundle, type: string): string {
  if (Object.hasOwn(bundle.messages, type)) return type;
  const right = nearest(type, Object.keys(bundle.messages));
  throw new ProtoError('', `unknown message ${type}${right === undefined ? '' : `; did you mean ${right}?`}`);
}

/** Names come from outside (type URLs, JSON), and `constructor` is no message. */
function withoutPrototypes({ messages, enums }: Bundle): Bundle {
  return {
    messages: Object.assign(Object.create(null), messages),
    enums: Object.assign(Object.create(null), enums),
  };
}
