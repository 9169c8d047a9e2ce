import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder, writeSynced } from '../files/write-synced.ts';

/** Above all that a store gives: a file beyond it was not written by us. */
const MOST_BYTES = 4 * 1024 * 1024;
const FILE = /^[0-9a-f]{64}\.sealed$/;
const LEFTOVER = /^[0-9a-f]{64}\.sealed\.tmp$/;

/**
 * The files of sealed secrets, in a folder that is their owner's alone. Links are not followed, and
 * what is no regular file is not read. What is removed is unlinked, not overwritten: on journals and
 * flash the old blocks stay anyway, and without the key they say nothing.
 */
export class SealedFiles {
  readonly dir: string;

  constructor(stateDir: string) {
    this.dir = path.join(stateDir, 'sealed');
  }

  /** Names of what is there, after the leftovers of a crash are gone. */
  async list(): Promise<readonly string[]> {
    const names = await this.#names();
    await Promise.all(names.filter((name) => LEFTOVER.test(name)).map((name) => this.remove(name)));
    return names.filter((name) => FILE.test(name));
  }

  /** Throws in words where it is no regular file of a fitting size. */
  async read(name: string): Promise<Buffer> {
    const file = await this.#open(name);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Error('it is not a regular file');
      if (stats.size > MOST_BYTES)
        throw new Error(`it has ${stats.size} bytes, at most ${MOST_BYTES} are read`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > MOST_BYTES)
      throw new Error(`a secret has ${bytes.length} bytes, at most ${MOST_BYTES} are kept`);
    await this.#makeFolder();
    await writeSynced(path.join(this.dir, name), bytes);
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.dir, name), { force: true });
    await syncFolder(this.dir).catch(() => undefined); // Without the folder there is nothing to make last.
  }

  /** Takes away everything that was sealed; answers how many files that were. */
  async removeAll(): Promise<number> {
    const names = (await this.#names()).filter((name) => FILE.test(name) || LEFTOVER.test(name));
    for (const name of names) await rm(path.join(this.dir, name), { force: true });
    await rmdir(this.dir).catch(() => undefined); // It stays if something of others is in it.
    return names.length;
  }

  async #open(name: string): Promise<FileHandle> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      // Without O_NONBLOCK a FIFO holds the open until somebody writes to it.
      return await open(path.join(this.dir, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) === 'ELOOP') throw new Error('it is a symbolic link');
      throw error;
    }
  }

  async #names(): Promise<readonly string[]> {
    try {
      if (!(await lstat(this.dir)).isDirectory()) throw new Error(`${this.dir} is not a directory`);
      return await readdir(this.dir);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const stats = await lstat(this.dir);
    if (!stats.isDirectory()) throw new Error(`${this.dir} is not a directory`);
    if ((stats.mode & 0o777) !== 0o700) await chmod(this.dir, 0o700);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
