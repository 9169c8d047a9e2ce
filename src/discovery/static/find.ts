import { glob } from 'node:fs/promises';
import path from 'node:path';

/** A path as the user wrote it, made absolute. */
export interface Pattern {
  readonly absolute: string;
  readonly isGlob: boolean;
  /** Where a file that matches could appear: the deepest folder that no wildcard stands in. */
  readonly root: string;
}

export function parsePattern(text: string, baseDir: string): Pattern {
  const absolute = path.resolve(baseDir, text);
  const parts = absolute.split(path.sep);
  const wild = parts.findIndex((part) => /[*?[\]{}]/.test(part));
  const isGlob = wild !== -1;
  return {
    absolute,
    isGlob,
    root: isGlob ? parts.slice(0, wild).join(path.sep) || path.sep : path.dirname(absolute),
  };
}

/** The files that stand there now: what a glob matches, and each plain path whether it exists or not. */
export async function findFiles(patterns: readonly Pattern[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    if (!pattern.isGlob) files.add(pattern.absolute);
    else for await (const match of glob(pattern.absolute)) files.add(match);
  }
  return [...files].sort();
}
