import { glob, stat } from 'node:fs/promises';
import path from 'node:path';

/** What is read of a folder that is named as it is. */
const IN_A_FOLDER = '*.{yaml,yml,json}';

/** A path as the user wrote it, made absolute. */
export interface Pattern {
  readonly absolute: string;
  readonly isGlob: boolean;
  /** It was written relative to this folder and must not lead out of it (BAD10). */
  readonly within: string | undefined;
  /** Where a file that matches could appear: the deepest folder that no wildcard stands in. */
  readonly root: string;
}

export function parsePattern(text: string, baseDir: string): Pattern {
  const absolute = path.resolve(baseDir, text);
  const within = path.isAbsolute(text) ? undefined : baseDir;
  const parts = absolute.split(path.sep);
  const wild = parts.findIndex((part) => /[*?[\]{}]/.test(part));
  const isGlob = wild !== -1;
  return {
    absolute,
    isGlob,
    within,
    root: isGlob ? parts.slice(0, wild).join(path.sep) || path.sep : path.dirname(absolute),
  };
}

export interface Found {
  /** Each with the folder it must lie in. */
  readonly files: ReadonlyMap<string, string | undefined>;
  /** Plain paths that are folders. */
  readonly folders: readonly string[];
}

/** What stands there now: what a glob matches, the files of a folder, and each other plain path whether it exists or not. */
export async function findFiles(patterns: readonly Pattern[]): Promise<Found> {
  const files = new Map<string, string | undefined>();
  const folders: string[] = [];
  for (const { absolute, isGlob, within } of patterns) {
    const isFolder = !isGlob && (await isDirectory(absolute));
    if (isFolder) folders.push(absolute);
    if (!isGlob && !isFolder) files.set(absolute, within);
    else
      for await (const match of glob(isFolder ? path.join(absolute, IN_A_FOLDER) : absolute))
        files.set(match, within);
  }
  return { files, folders };
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false; // Not there or not to be read: whoever reads it says so.
  }
}
