import type protobuf from 'protobufjs/minimal.js';

/** A run of the repeated field of names as it stood in a message, tags and lengths included. */
interface KnownList {
  readonly bytes: Uint8Array;
  readonly names: readonly string[];
}

const MOST_LISTS = 16;
/** Shorter ones are read about as fast as they are compared. */
const FEWEST_BYTES = 256;
let lately: readonly KnownList[] = [];

/**
 * Reads a repeated field of names from its first entry on (the tag is read). The nodes of a group ask for the same
 * names in the same order, and a SotW client repeats them all with each ACK: equal bytes are not decoded again,
 * and give the very same list, so that what is known of a list can be kept by its identity.
 */
export function readNames(reader: protobuf.Reader): readonly string[] {
  const start = reader.pos - 1;
  const known = lately.find((list) => isAt(reader, start, list.bytes));
  if (known === undefined) return readAndKeep(reader, start);
  reader.pos = start + known.bytes.length;
  if (known !== lately[0]) lately = [known, ...lately.filter((list) => list !== known)];
  return known.names;
}

/** The whole run is these bytes: it starts with them, and no further entry follows. */
function isAt({ buf, len }: protobuf.Reader, start: number, bytes: Uint8Array): boolean {
  const end = start + bytes.length;
  if (end > len || (end < len && buf[end] === buf[start])) return false;
  // The last byte first: lists of one fleet often begin alike.
  if (buf[end - 1] !== bytes[bytes.length - 1]) return false;
  return Buffer.compare(buf.subarray(start, end), bytes) === 0;
}

function readAndKeep(reader: protobuf.Reader, start: number): readonly string[] {
  const { buf, len } = reader;
  const names = [reader.string()];
  while (reader.pos < len && buf[reader.pos] === buf[start]) {
    reader.pos += 1;
    names.push(reader.string());
  }
  if (reader.pos - start >= FEWEST_BYTES) {
    const bytes = Uint8Array.prototype.slice.call(buf, start, reader.pos);
    lately = [{ bytes, names }, ...lately].slice(0, MOST_LISTS);
  }
  return names;
}
