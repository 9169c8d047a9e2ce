import { stat } from 'node:fs/promises';
import { errorText } from '../../errors.ts';
import { readRegularFile } from '../../files/regular-file.ts';
import { SecretBytes } from '../../secret-bytes.ts';
import type { Fault } from '../issues.ts';

/** Where the key is: one of the two. */
export interface SealKeyPlace {
  readonly keyFile?: string | undefined;
  /** Name of a variable. */
  readonly environment?: string | undefined;
}

export interface SealKey {
  /** 32 bytes. */
  readonly key: SecretBytes;
  /** To be logged: the key is used all the same. */
  readonly warning?: string | undefined;
}

const KEY_BYTES = 32;
const HINT = 'make one with: openssl rand -hex 32';
const FORMS = 'a seal key is 32 random bytes, as 64 hex digits, as base64 or raw';

export async function readSealKey(
  place: SealKeyPlace,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SealKey | Fault> {
  const { keyFile, environment } = place;
  if (keyFile !== undefined) return readKeyFile(keyFile);
  const text = env[environment ?? ''] ?? '';
  if (text === '') return fault('environment', `the variable ${environment} is not set`, HINT);
  const key = parseSealKey(Buffer.from(text, 'utf8'));
  return key instanceof SecretBytes ? { key } : fault('environment', `${environment}: ${key}`, HINT);
}

/** The key, or what is wrong with it in words that hold none of it. */
export function parseSealKey(bytes: Buffer): SecretBytes | string {
  const key = decode(bytes);
  if (key === undefined) return `${FORMS}; this has ${bytes.length} bytes in no such form`;
  if (key === bytes && isText(key)) return `${FORMS}; this is a text of 32 characters`;
  return key.every((byte) => byte === key[0]) ? `${FORMS}; this is one byte repeated` : new SecretBytes(key);
}

function decode(bytes: Buffer): Buffer | undefined {
  if (bytes.length === KEY_BYTES) return bytes;
  const text = bytes.toString('latin1').replace(/\r?\n$/, '');
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** Random bytes are never that: it is a password, or 16 bytes in hex. */
function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d);
}

async function readKeyFile(file: string): Promise<SealKey | Fault> {
  try {
    const { bytes } = await readRegularFile(file, { maxBytes: 1024 });
    const mode = (await stat(file)).mode & 0o777;
    const shown = `0${mode.toString(8)}`;
    if ((mode & 0o007) !== 0) {
      return fault(
        'keyFile',
        `every user of this machine may use ${file} (mode ${shown})`,
        `chmod 0400 ${file}`,
      );
    }
    const key = parseSealKey(bytes);
    if (!(key instanceof SecretBytes)) return fault('keyFile', `${file}: ${key}`, HINT);
    // No mistake for sure: systemd's credentials have group bits that stand for the mask of an ACL.
    const isShared = (mode & 0o070) !== 0;
    return {
      key,
      ...(isShared ? { warning: `the seal key ${file} is open to its group (mode ${shown})` } : {}),
    };
  } catch (error) {
    return fault('keyFile', errorText(error), HINT);
  }
}

function fault(at: 'keyFile' | 'environment', message: string, hint: string): Fault {
  return { path: ['state', 'seal', at], message, hint };
}
