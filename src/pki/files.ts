import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorText, MusterError } from '../errors.ts';
import type { IssuedPair } from './certificate.ts';

export interface PairFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Writes a pair, key first and for its owner alone. Each file appears whole or not at all, and nothing is overwritten:
 * what is there may be in use somewhere. Throws MusterError.
 */
export async function writePair(files: PairFiles, pair: IssuedPair): Promise<void> {
  await mkdir(path.dirname(files.privateKey), { recursive: true, mode: 0o700 }).catch(refuse);
  await writeNew(files.privateKey, pair.privateKey.reveal(), 0o600);
  try {
    await writeNew(files.certificate, Buffer.from(pair.certificate), 0o644);
  } catch (error) {
    await rm(files.privateKey, { force: true });
    throw error;
  }
}

async function writeNew(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.chmod(mode); // whatever the umask took away or left
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, unlike a rename, fails where something is.
    await link(draft, file);
  } catch (error) {
    refuse(error, file);
  } finally {
    await rm(draft, { force: true });
  }
}

function refuse(cause: unknown, file?: string): never {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST' && file !== undefined) {
    throw new MusterError(
      'pki_failed',
      `${file} exists and is not overwritten: move it away, or give another folder`,
    );
  }
  throw new MusterError('pki_failed', errorText(cause), { cause });
}
