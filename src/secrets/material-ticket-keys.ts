import { SecretBytes } from '../secret-bytes.ts';
import type { Checked } from './checked.ts';
import type { SecretVersion } from './store.ts';

/** What Envoy takes: 16 bytes of name, 32 of HMAC key, 32 of AES key. */
const KEY_BYTES = 80;
/** A dozen rotations are more than any client keeps a ticket for. */
const MOST_KEYS = 16;
const BASE64_LINE = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Session ticket keys, newest first: either bytes, 80 for each key, or text with one key in base64
 * on each line (what a store of strings can hold).
 */
export function checkTicketKeys(version: Pick<SecretVersion, 'version' | 'parts'>): Checked {
  const part = version.parts['keys'];
  if (part === undefined || part.length === 0) return refuse('there are no keys');
  const bytes = part.reveal();
  const lines = linesOf(bytes);
  const keys = lines ?? rawKeys(bytes);
  const wrong = keys.findIndex((key) => key.length !== KEY_BYTES);
  if (wrong >= 0) return refuse(sizeText(keys, wrong, lines !== undefined));
  if (keys.length > MOST_KEYS) return refuse(`there are ${keys.length} keys; at most ${MOST_KEYS} are taken`);
  const distinct = new Set(keys.map((key) => Buffer.from(key).toString('latin1')));
  const warnings = distinct.size === keys.length ? [] : ['a session ticket key is there twice'];
  const secret = {
    kind: 'sessionTicketKeys',
    version: version.version,
    keys: keys.map((key) => new SecretBytes(key)),
  } as const;
  return { secret, warnings };
}

/** The decoded lines where all of it is base64 text, else undefined. */
function linesOf(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const isText = lines.length > 0 && lines.every((line) => BASE64_LINE.test(line));
  return isText ? lines.map((line) => Buffer.from(line, 'base64')) : undefined;
}

function rawKeys(bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / KEY_BYTES);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * KEY_BYTES, (at + 1) * KEY_BYTES));
}

function sizeText(keys: readonly Uint8Array[], wrong: number, isText: boolean): string {
  const size = keys[wrong]?.length ?? 0;
  const which = isText ? `line ${wrong + 1}` : `key ${wrong + 1}`;
  return `session ticket keys have ${KEY_BYTES} bytes each, ${which} has ${size}: make one with openssl rand 80, or openssl rand -base64 80 | tr -d '\\n' for a line of text`;
}

function refuse(problem: string): Checked {
  return { problem, warnings: [] };
}
