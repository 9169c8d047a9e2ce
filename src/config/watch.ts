import path from 'node:path';
import { sleep } from '../clock.ts';
import type { Problem } from '../errors.ts';
import { FolderWatch, foldersOf } from '../files/watch-paths.ts';
import type { Config } from '../model/config.ts';
import { type ConfigFile, type ReadFiles, readConfigFiles } from './files.ts';
import { type ParseResult, parseConfig } from './load.ts';
import { ParseCache } from './parse-cache.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface WatchOptions {
  /** A file or a directory; it may be missing for a while. */
  readonly path: string;
  readonly vocabulary: Vocabulary;
  /** The config that runs already, for the rule of `allowEmpty`. */
  readonly current?: Config | undefined;
  /** What was parsed at the start: an unchanged part is not parsed again. */
  readonly cache?: ParseCache | undefined;
  /** For the first read and after every change that parses, also when the hash is the old one: lines may have moved. */
  onConfig(config: Config, warnings: readonly Problem[], files: readonly ConfigFile[]): void;
  /** Once for each bad edit; the running config stays. */
  onProblems(problems: readonly Problem[]): void;
  readonly signal: AbortSignal;
  /** Everything is read again this often, for changes that no event told. */
  readonly rereadMs?: number | undefined;
  /** Quiet time after an event: they come in bursts, a rename is two, a save up to five. */
  readonly debounceMs?: number | undefined;
  /** What looks like a file in the middle of being written gets this long to be finished. */
  readonly settleMs?: number | undefined;
  /** Off only in tests of the periodic re-read. */
  readonly useWatcher?: boolean | undefined;
}

const REREAD_MS = 10_000;
const DEBOUNCE_MS = 15;
const SETTLE_MS = 150;
/** Files that never come to rest are reported all the same. */
const MAX_SETTLES = 10;

/**
 * Follows the config until `signal` aborts, then ends with every watcher and timer closed. Atomic
 * renames, swapped links, editors that write in place, folders that come and go are all the same to
 * it: something happened nearby, so everything is read again and compared.
 */
export async function watchConfig(options: WatchOptions): Promise<void> {
  const { signal, rereadMs = REREAD_MS, debounceMs = DEBOUNCE_MS, useWatcher = true } = options;
  const bell = new Bell();
  const folders = new FolderWatch(() => bell.ring());
  const follower = new Follower(options, (paths) => useWatcher && folders.set(paths));
  try {
    while (!signal.aborted) {
      bell.reset();
      await follower.look();
      await bell.rung(rereadMs, signal);
      await sleep(debounceMs, signal);
    }
  } finally {
    folders.close();
  }
}

/** Rung at any time; `rung` ends with the first ring since `reset`. */
class Bell {
  #ringing = Promise.withResolvers<void>();

  ring(): void {
    this.#ringing.resolve();
  }

  reset(): void {
    this.#ringing = Promise.withResolvers<void>();
  }

  async rung(ms: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.#ringing.promise, sleep(ms, AbortSignal.any([signal, enough.signal]))]);
    enough.abort();
  }
}

interface Seen extends ReadFiles {
  /** Equal means that nothing changed. */
  readonly print: string;
}

/** What was last given to the owner. */
class Follower {
  readonly #options: WatchOptions;
  readonly #watch: (folders: ReadonlySet<string>) => void;
  #print: string | undefined;
  #config: Config | undefined;
  readonly #cache: ParseCache;
  /** Files with something in them, of the config that was last given. */
  #filled: readonly string[] = [];

  constructor(options: WatchOptions, watch: (folders: ReadonlySet<string>) => void) {
    this.#options = options;
    this.#watch = watch;
    this.#config = options.current;
    this.#cache = options.cache ?? new ParseCache();
  }

  async look(): Promise<void> {
    const { signal, settleMs = SETTLE_MS } = this.#options;
    let seen = await this.#read();
    for (let settles = 0; !signal.aborted && seen.print !== this.#print; settles += 1) {
      const parsed = this.#parse(seen);
      if (settles >= MAX_SETTLES || !this.#looksUnfinished(seen, parsed)) return this.#give(seen, parsed);
      await sleep(settleMs, signal);
      const again = await this.#read();
      if (again.print === seen.print) return this.#give(seen, parsed);
      seen = again;
    }
  }

  #give(seen: Seen, parsed: ParseResult): void {
    if (this.#options.signal.aborted) return;
    this.#print = seen.print;
    if (parsed.config === undefined) {
      this.#options.onProblems(parsed.problems);
      return;
    }
    this.#config = parsed.config;
    this.#filled = filledIn(seen.files);
    this.#options.onConfig(parsed.config, parsed.warnings, seen.files);
  }

  #parse({ files, problems }: Seen): ParseResult {
    if (problems.length > 0) return { problems, warnings: [] };
    return parseConfig(files, this.#options.vocabulary, this.#config, this.#cache);
  }

  /** Problems, and what an editor does between two of its steps: a file emptied, or gone. */
  #looksUnfinished(seen: Seen, parsed: ParseResult): boolean {
    const filled = new Set(filledIn(seen.files));
    return parsed.config === undefined || this.#filled.some((file) => !filled.has(file));
  }

  /** Watches, then reads: no change falls in between. What was only found by reading is read once more. */
  async #read(): Promise<Seen> {
    const { path: at } = this.#options;
    this.#watch(foldersNear(at, { files: [], directory: true }));
    const first = await readConfigFiles(at);
    this.#watch(foldersNear(at, first));
    const read = await readConfigFiles(at);
    return { ...read, print: JSON.stringify([read.files, read.problems]) };
  }
}

/** Folders in which a change may change what is read at `at`. */
function foldersNear(at: string, { files, directory }: Pick<ReadFiles, 'files' | 'directory'>) {
  const inside = directory ? [path.join(at, 'any')] : [];
  return new Set([at, ...inside, ...files.map((file) => file.path)].flatMap(foldersOf));
}

function filledIn(files: readonly ConfigFile[]): readonly string[] {
  return files.filter((file) => file.text.trim() !== '').map((file) => file.path);
}
