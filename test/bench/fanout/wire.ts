/** The top-level fields that the load generator and the bare server look at. */
export interface Glance {
  readonly typeUrl: string;
  readonly nonce: string;
}

/** Finds two string fields of a message by number without decoding the rest. */
export function glance(message: Buffer, typeField: number, nonceField: number): Glance {
  let typeUrl = '';
  let nonce = '';
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) !== 2) {
      varint();
      continue;
    }
    const length = varint();
    if (tag >> 3 === typeField) typeUrl = message.toString('latin1', at, at + length);
    if (tag >> 3 === nonceField) nonce = message.toString('latin1', at, at + length);
    at += length;
  }
  return { typeUrl, nonce };
}

/** Responses of both variants number these fields alike. */
export const glanceResponse = (message: Buffer): Glance => glance(message, 4, 5);

export const glanceRequest = (message: Buffer, variant: 'sotw' | 'delta'): Glance =>
  variant === 'delta' ? glance(message, 2, 6) : glance(message, 4, 5);
