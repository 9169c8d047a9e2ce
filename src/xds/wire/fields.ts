/** The few pieces of the protobuf wire format that responses are made of, written into one buffer of known size. */

const LENGTH_DELIMITED = 2;

/** Bytes of a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** One length-delimited field: tag, length, content. Field numbers stay below 16. */
export function bytesField(field: number, content: Uint8Array): Buffer {
  const head = 1 + varintSize(content.length);
  const buffer = Buffer.allocUnsafeSlow(head + content.length);
  buffer[0] = (field << 3) | LENGTH_DELIMITED;
  let at = 1;
  let rest = content.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 128;
  buffer[at] = rest;
  buffer.set(content, head);
  return buffer;
}

/** Empty text is left out, as proto3 does. */
export function textField(field: number, text: string): Buffer {
  return text === '' ? EMPTY : bytesField(field, Buffer.from(text, 'utf8'));
}

const EMPTY = Buffer.alloc(0);
