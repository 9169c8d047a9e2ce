import { glob } from 'node:fs/promises';
import path from 'node:path';

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

/** The files that stand there now, each with the folder it must lie in: what a glob matches, and each plain path whether it exists or not. */
export async function findFiles(
  patterns: readonly Pattern[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  for (const { absolute, isGlob, within } of patterns) {
    if (!isGlob) files.set(absolute, within);
    else for await (const match of glob(absolute)) files.set(match, within);
  }
  return files;
}
