import { createCipheriv, createDecipheriv } from 'node:crypto';
import { z } from 'zod';
import { SECRET_KINDS } from '../model/config.ts';
import type { SecretParts } from '../secrets/store.ts';
import type { SealKeys } from './seal-keys.ts';
import { packParts, unpackParts } from './seal-parts.ts';

/**
 * One sealed secret, in bytes: `mustseal`, format (1), key id (8), nonce (12), length of the facts
 * (4), facts as JSON, the parts under AES-256-GCM, tag (16). All that stands before the parts is
 * bound in as additional data, and nothing of it is believed before the tag is right, save which
 * key it takes.
 */
const MAGIC = Buffer.from('mustseal', 'latin1');
const FORMAT = 1;
const ID_AT = MAGIC.length + 1;
const NONCE_AT = ID_AT + 8;
export const NONCE_BYTES = 12;
const LENGTH_AT = NONCE_AT + NONCE_BYTES;
const FACTS_AT = LENGTH_AT + 4;
const TAG_BYTES = 16;

const facts = z.object({
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.string(),
  ref: z.string(),
  end: z.number().optional(),
  at: z.number(),
});

/** What is bound to the parts. It stands in the clear: the config and the snapshots say as much. */
export interface SealedFacts extends Readonly<z.output<typeof facts>> {
  /** Hash of store and reference: read elsewhere, it is another secret. */
  readonly ref: string;
  /** Epoch milliseconds: it must not be used beyond; absent: no end of its own. */
  readonly end?: number | undefined;
  /** Epoch milliseconds: when the store last said that this is the one. */
  readonly at: number;
}

export interface Sealed {
  readonly facts: SealedFacts;
  readonly parts: SecretParts;
}

/** Why bytes cannot be opened. Holds nothing of the content. */
export interface SealFault {
  readonly fault: 'damaged' | 'another key' | 'another format';
  readonly text: string;
}

/** `nonce`: 12 random bytes, never used before with this key. */
export function seal(keys: SealKeys, sealed: Sealed, nonce: Uint8Array): Buffer {
  const written = Buffer.from(JSON.stringify(sealed.facts), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(written.length);
  const head = Buffer.concat([MAGIC, Uint8Array.of(FORMAT), keys.id, nonce, length, written]);
  const cipher = createCipheriv('aes-256-gcm', keys.sealing.reveal(), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(head);
  const plain = packParts(sealed.parts);
  const hidden = Buffer.concat([cipher.update(plain), cipher.final()]);
  plain.fill(0);
  return Buffer.concat([head, hidden, cipher.getAuthTag()]);
}

export function open(keys: SealKeys, bytes: Buffer): Sealed | SealFault {
  const fault = headFault(keys, bytes);
  if (fault !== undefined) return fault;
  const end = FACTS_AT + bytes.readUInt32BE(LENGTH_AT);
  if (end + TAG_BYTES > bytes.length) return DAMAGED;
  const plain = decrypt(keys, bytes, end);
  if (plain === undefined) return DAMAGED;
  const read = facts.parse(JSON.parse(bytes.toString('utf8', FACTS_AT, end)));
  return { facts: read, parts: unpackParts(plain) };
}

const DAMAGED: SealFault = { fault: 'damaged', text: 'it is damaged' };

/** What can be said without opening it. */
export function headFault(keys: SealKeys, bytes: Buffer): SealFault | undefined {
  if (bytes.length < FACTS_AT + TAG_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return DAMAGED;
  const format = bytes[MAGIC.length];
  if (format !== FORMAT) {
    return { fault: 'another format', text: `it is in format ${format}, this version reads ${FORMAT}` };
  }
  if (bytes.subarray(ID_AT, NONCE_AT).equals(keys.id)) return undefined;
  return { fault: 'another key', text: 'it was sealed with another key' };
}

function decrypt({ sealing }: SealKeys, bytes: Buffer, from: number): Buffer | undefined {
  const to = bytes.length - TAG_BYTES;
  const nonce = bytes.subarray(NONCE_AT, LENGTH_AT);
  const cipher = createDecipheriv('aes-256-gcm', sealing.reveal(), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bytes.subarray(0, from));
  cipher.setAuthTag(bytes.subarray(to));
  const plain = cipher.update(bytes.subarray(from, to));
  try {
    cipher.final();
    return plain;
  } catch {
    return undefined; // The tag is wrong, which is all that the error says.
  }
}
