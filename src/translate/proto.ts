/** A protobuf message as protobufjs holds it: camelCase fields, wrappers `{ value }`, enums by number. */
export type Message = Readonly<Record<string, unknown>>;

export interface PackedAny {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** What translation asks of the protobuf registry (`xds/proto/registry.ts` has it). */
export interface Proto {
  /** Equal messages give equal bytes. `type` is the full name without a host. */
  encode(type: string, message: Message): Uint8Array;
  any(type: string, message: Message): PackedAny;
  /** Broken constraints (`validate.rules`); empty where all hold. */
  violations(type: string, message: Message): readonly { readonly path: string; readonly message: string }[];
}

/** Milliseconds as a google.protobuf.Duration. */
export function duration(ms: number): Message {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}

/** Everything dynamic comes over the one ADS stream. Constant bytes: a change would open new subscriptions (rule S4). */
export const ADS: Message = { ads: {}, resourceApiVersion: 2 };
