import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Problem } from '../errors.ts';
import { FileFault, readRegularFile } from '../files/regular-file.ts';
import { MAX_FILE_BYTES } from './tree.ts';

/** One file of the config as it stands on disk. */
export interface ConfigFile {
  /** As the user named it: the path given, or the directory given and the file's name. */
  readonly path: string;
  readonly text: string;
}

export interface ReadFiles {
  /** Sorted by path. */
  readonly files: readonly ConfigFile[];
  /** What could not be read: then the config is not complete and must not be used. */
  readonly problems: readonly Problem[];
  /** Whether the path is a directory. */
  readonly directory: boolean;
}

const MAX_FILES = 5_000;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/**
 * The config at `at`: one file, or each `*.yaml`, `*.yml` and `*.json` of a directory (not of the
 * directories in it). Hidden files are left out: editors and Kubernetes keep their own there.
 * Never throws for what is on disk: that is a problem.
 */
export async function readConfigFiles(at: string): Promise<ReadFiles> {
  const names = await configNames(at);
  if (names === undefined) return { ...(await readAll([at])), directory: false };
  if (typeof names === 'string') return { files: [], problems: [wholeFile(at, names)], directory: true };
  return { ...(await readAll(names.map((name) => path.join(at, name)))), directory: true };
}

/** Sorted names in a directory; undefined where it is none; text where it cannot be used. */
async function configNames(at: string): Promise<readonly string[] | string | undefined> {
  let names: string[];
  try {
    names = await readdir(at);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTDIR' || code === 'ENOENT') return undefined;
    return `cannot be listed (${String(code)}): check its owner and mode`;
  }
  const found = names.filter((name) => /^[^.].*\.(yaml|yml|json)$/.test(name)).sort();
  if (found.length === 0) return 'has no config in it: put a *.yaml, *.yml or *.json file there';
  return found.length > MAX_FILES ? `has ${found.length} files; at most ${MAX_FILES} are read` : found;
}

async function readAll(paths: readonly string[]): Promise<Omit<ReadFiles, 'directory'>> {
  const files: ConfigFile[] = [];
  const problems: Problem[] = [];
  let total = 0;
  for (const file of paths) {
    const read = await readOne(file);
    if (typeof read === 'string') problems.push(wholeFile(file, read));
    else files.push({ path: file, text: read.text });
    total += typeof read === 'string' ? 0 : read.bytes;
    if (total <= MAX_TOTAL_BYTES) continue;
    problems.push(
      wholeFile(file, `and the files before it are more than ${MAX_TOTAL_BYTES >> 20} MB together`),
    );
    break;
  }
  return { files, problems };
}

/** The text, or why there is none. */
async function readOne(file: string): Promise<{ readonly text: string; readonly bytes: number } | string> {
  try {
    const { bytes } = await readRegularFile(file, { maxBytes: MAX_FILE_BYTES });
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytes: bytes.length };
  } catch (error) {
    if (error instanceof TypeError) return 'is not UTF-8: save it in that encoding';
    if (!(error instanceof FileFault)) throw error;
    return error.message.startsWith(`${file} `) ? error.message.slice(file.length + 1) : error.message;
  }
}

function wholeFile(file: string, message: string): Problem {
  return { message, path: '', file };
}
