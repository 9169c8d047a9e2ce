import protobuf from 'protobufjs/minimal.js';

/** What the resources of the model clients are: their bytes are this as JSON. */
export interface Thing {
  readonly name: string;
  readonly version: string;
  readonly clusters: readonly string[];
}

/** The resources of an encoded response, by a reader of its own: their bytes are JSON in these tests. */
export function readThings(bytes: Uint8Array, variant: 'sotw' | 'delta'): readonly Thing[] {
  return fields(bytes, 2).flatMap((entry) => {
    const any = variant === 'sotw' ? entry : (fields(entry, 2)[0] ?? entry);
    const text = Buffer.from(fields(any, 2)[0] ?? []).toString();
    return text.startsWith('{') ? [JSON.parse(text) as Thing] : []; // else an empty assignment (O7)
  });
}

function fields(bytes: Uint8Array, wanted: number): readonly Uint8Array[] {
  const reader = protobuf.Reader.create(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >> 3 === wanted) found.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}
