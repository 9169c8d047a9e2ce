const NEEDLE = Buffer.from('.proto\x12');
const NAME = /^[\w\-/.]+$/;
const VARINT_FIELDS = new Set([10, 11, 14]);
const LAST_FIELD = 14;

/** Reads on from `start` as long as it looks like a FileDescriptorProto; answers where that ends. */
function endOf(binary: Buffer, start: number): number {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = binary[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('not a varint');
  };
  let end = start;
  for (;;) {
    const tag = varint();
    const field = tag >>> 3;
    const isName = field === 1;
    if (field === 0 || field > LAST_FIELD || (isName && end !== start)) return end;
    if ((tag & 7) === 2) {
      const length = varint();
      at += length;
    } else if ((tag & 7) === 0 && VARINT_FIELDS.has(field)) varint();
    else return end;
    if (at > binary.length) return end;
    end = at;
  }
}

function nameEndingAt(
  binary: Buffer,
  end: number,
): { readonly start: number; readonly name: string } | undefined {
  for (let length = '.proto'.length + 1; length < 128; length++) {
    const start = end - length - 2;
    if (binary[start] !== 0x0a || binary[start + 1] !== length) continue;
    const name = binary.toString('latin1', start + 2, end);
    return NAME.test(name) ? { start, name } : undefined;
  }
  return undefined;
}

/** Every serialized FileDescriptorProto in a program built with C++ protobuf, by file name. */
export function findDescriptors(binary: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = binary.indexOf(NEEDLE); at !== -1; at = binary.indexOf(NEEDLE, at + 1)) {
    const named = nameEndingAt(binary, at + NEEDLE.length - 1);
    if (named === undefined) continue;
    const bytes = binary.subarray(named.start, endOf(binary, named.start));
    if ((found.get(named.name)?.length ?? 0) < bytes.length) found.set(named.name, bytes);
  }
  return found;
}
