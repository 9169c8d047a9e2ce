import path from 'node:path';
import { FileFault, fileStamp, readRegularFile } from '../../files/regular-file.ts';
import { VaultFault } from './fault.ts';

/** Files that the options name, from the folder of the config. */
export interface OwnFiles {
  /** Bytes of one, at most 1 MiB. Throws `VaultFault` in words. */
  read(file: string): Promise<Buffer>;
  /** A text of one line: an id, a token. */
  line(file: string): Promise<string>;
  /** Equal means that it was not touched in between. */
  stamp(file: string): Promise<string | undefined>;
}

const MAX_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

export function ownFiles(baseDir: string): OwnFiles {
  const read = (file: string, maxBytes: number) => readOwn(file, baseDir, maxBytes);
  return {
    read: (file) => read(file, MAX_BYTES),
    line: async (file) => oneLine(file, await read(file, MAX_LINE_BYTES)),
    stamp: (file) => fileStamp(path.resolve(baseDir, file)),
  };
}

async function readOwn(file: string, baseDir: string, maxBytes: number): Promise<Buffer> {
  try {
    const within = path.isAbsolute(file) ? undefined : path.resolve(baseDir);
    return (await readRegularFile(path.resolve(baseDir, file), { maxBytes, within })).bytes;
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    throw new VaultFault('refused', error.message);
  }
}

function oneLine(file: string, bytes: Buffer): string {
  const text = bytes.toString('utf8').trim();
  if (text === '') throw new VaultFault('refused', `${file} is empty`);
  if (/[^\x21-\x7e]/.test(text))
    throw new VaultFault('refused', `${file} must hold one line of plain characters, without blanks in it`);
  return text;
}
