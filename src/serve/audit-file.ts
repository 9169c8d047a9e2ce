import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { DestinationStream } from 'pino';
import { errorText, MusterError } from '../errors.ts';

/** Lines that wait for a slow disk; beyond, the newest are lost here and stay on standard output. */
const MOST_WAITING = 10_000;
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** Where audit lines are appended; a rotation by rename is seen before the next line. Close it when nobody writes any more. */
export interface AuditFile extends DestinationStream {
  close(): Promise<void>;
}

/** `onFault` hears once when lines can no longer be written, with words for the log. Throws MusterError where it cannot be opened. */
export async function openAuditFile(path: string, onFault: (text: string) => void): Promise<AuditFile> {
  let handle = await openAppend(path).catch((cause: unknown) => {
    throw new MusterError('settings_invalid', `auditFile: ${errorText(cause)}`, { cause });
  });
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  let isFaulty = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting.join('');
      waiting = [];
      try {
        handle = await current(path, handle);
        await handle.appendFile(lines);
        isFaulty = false;
      } catch (error) {
        if (!isFaulty) onFault(errorText(error));
        isFaulty = true;
      }
    }
    writing = undefined;
  }

  return {
    write(line) {
      if (waiting.length < MOST_WAITING) waiting.push(line);
      writing ??= drain();
    },
    async close() {
      await writing;
      await handle.close();
    },
  };
}

function openAppend(path: string): Promise<FileHandle> {
  return open(path, FLAGS, 0o600);
}

async function current(path: string, handle: FileHandle): Promise<FileHandle> {
  const [there, opened] = await Promise.all([stat(path).catch(() => undefined), handle.stat()]);
  if (there?.ino === opened.ino && there.dev === opened.dev) return handle;
  const next = await openAppend(path);
  await handle.close();
  return next;
}
