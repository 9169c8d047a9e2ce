import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

export interface FileLimits {
  readonly maxBytes: number;
  /** The file must lie in this folder, symbolic links followed. */
  readonly within?: string | undefined;
}

export interface FileContent {
  readonly bytes: Buffer;
  /** Equal means that the file was not touched in between. */
  readonly stamp: string;
  /** Epoch milliseconds of the last write. */
  readonly modified: number;
}

/** `missing`: there is no such file; `refused`: it is there and must not or cannot be read. */
export type FileFaultKind = 'missing' | 'refused';

export class FileFault extends Error {
  readonly kind: FileFaultKind;

  constructor(kind: FileFaultKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'FileFault';
    this.kind = kind;
  }
}

/** What no setting may name: reading there has side effects or gives away the process's own secrets. */
const KERNEL_FOLDERS = ['/proc', '/sys', '/dev'];

/**
 * Reads one regular file of bounded size. Devices, FIFOs, `/proc` and what lies outside `within`
 * are refused in words, judged on the opened file, so a link swapped in between changes nothing
 * (BAD10). Throws FileFault.
 */
export async function readRegularFile(file: string, limits: FileLimits): Promise<FileContent> {
  const handle = await openFile(file);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new FileFault('refused', `${file} is not a regular file`);
    await refuseOutside(file, stats, limits.within);
    if (stats.size > limits.maxBytes) throw tooLarge(file, limits.maxBytes);
    const bytes = await readBounded(handle, limits.maxBytes);
    if (bytes === undefined) throw tooLarge(file, limits.maxBytes);
    const stamp = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
    return { bytes, stamp, modified: Number(stats.mtimeNs / 1_000_000n) };
  } finally {
    await handle.close();
  }
}

/** The stamp that `readRegularFile` would give, without reading; undefined where it would fail. */
export async function fileStamp(file: string): Promise<string | undefined> {
  try {
    const stats = await stat(file, { bigint: true });
    return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
  } catch {
    return undefined; // The read that follows says why.
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a FIFO holds the open until somebody writes to it.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new FileFault('missing', `${file} does not exist`, error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new FileFault('refused', `${file} may not be read by this user: check its owner and mode`, error);
    }
    throw new FileFault('refused', `${file} cannot be opened (${code})`, error);
  }
}

async function refuseOutside(
  file: string,
  opened: { readonly dev: bigint; readonly ino: bigint },
  within: string | undefined,
): Promise<void> {
  const real = await realpath(file).catch(() => undefined);
  const there = real === undefined ? undefined : await stat(real, { bigint: true }).catch(() => undefined);
  if (real === undefined || there?.dev !== opened.dev || there.ino !== opened.ino) {
    throw new FileFault('refused', `${file} was replaced while it was read`);
  }
  if (KERNEL_FOLDERS.some((folder) => isInside(real, folder))) {
    throw new FileFault(
      'refused',
      `${file} leads to ${path.parse(real).root}${real.split('/')[1]}, which is never read`,
    );
  }
  if (within !== undefined && !isInside(real, await realpath(within))) {
    throw new FileFault(
      'refused',
      `${file} leads outside ${within}: write the absolute path of what it leads to`,
    );
  }
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}

/** Undefined when there is more than the limit: a file may grow after its size was looked at. */
async function readBounded(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, null);
    if (bytesRead === 0) return Buffer.concat(parts, total);
    total += bytesRead;
    if (total > maxBytes) return undefined;
    parts.push(buffer.subarray(0, bytesRead));
  }
}

function tooLarge(file: string, maxBytes: number): FileFault {
  return new FileFault('refused', `${file} is larger than ${Math.round(maxBytes / 1024)} KiB`);
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
