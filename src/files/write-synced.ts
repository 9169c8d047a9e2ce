import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Temporary file, fsync, rename, fsync of the folder: after a crash the old or the new bytes are
 * there, readable by their owner alone. The caller is the folder's only writer.
 */
export async function writeSynced(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.tmp`;
  // A leftover goes first, so that opening makes the file anew and follows no link in its place.
  await rm(temporary, { force: true });
  try {
    await writeAndSync(temporary, content);
    await rename(temporary, file);
  } catch (error) {
    // On a full disk the half-written file would keep the space that the next try needs.
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** Makes what was renamed or removed in the folder last over a crash. */
export async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

async function writeAndSync(file: string, content: string | Uint8Array): Promise<void> {
  const opened = await open(file, 'wx', 0o600);
  try {
    await opened.writeFile(content);
    await opened.sync();
  } finally {
    await opened.close();
  }
}
