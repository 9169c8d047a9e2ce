import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { watch as chokidarWatch } from 'chokidar';
import type { Problem } from '../errors.ts';
import type { Config } from '../model/config.ts';
import { readConfigFiles } from './files.ts';
import { type ConfigFile, type ParseResult, parseConfig } from './load.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface WatchOptions {
  /** A file or a directory. */
  readonly path: string;
  readonly vocabulary: Vocabulary;
  /** The config that runs already, for the rule of `allowEmpty`. */
  readonly current?: Config | undefined;
  /** Called for the first read and after every change that parses, also when the hash is the old one (lines may have moved). */
  onConfig(config: Config, warnings: readonly Problem[], files: readonly ConfigFile[]): void;
  /** Called once per bad edit; the running config stays. */
  onProblems(problems: readonly Problem[]): void;
  readonly signal: AbortSignal;
  /** Read anyway after this long: watchers die silently. */
  readonly rereadMs?: number;
  /** Quiet time after an event. */
  readonly debounceMs?: number;
  /** How long a fault must stand before it is reported: editors write in halves. */
  readonly settleMs?: number;
  /** Off only in tests of the periodic re-read. */
  readonly useWatcher?: boolean;
}

/**
 * Follows the config until `signal` aborts, then resolves with everything closed. The watcher is
 * only a hint: what counts is whether the content that is read differs from the last.
 */
export async function watchConfig(options: WatchOptions): Promise<void> {
  const { signal, rereadMs = 60_000, debounceMs = 15, settleMs = 200 } = options;
  const bell = createBell(signal);
  const watcher = options.useWatcher === false ? undefined : startWatcher(options.path, bell.ring);
  const follow = createFollower(options);
  try {
    while (!signal.aborted) {
      const settled = await follow.read(false);
      if (!settled) {
        await bell.wait(settleMs);
        if (!signal.aborted) await follow.read(true);
      }
      await bell.wait(rereadMs);
      await delay(debounceMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await watcher?.close();
  }
}

function startWatcher(path: string, ring: () => void) {
  const watcher = chokidarWatch(path, {
    depth: 0,
    ignoreInitial: true,
    atomic: false,
    awaitWriteFinish: false,
  });
  // `raw` comes for every event of the system, symlink swaps included; an error leaves the re-read.
  return watcher.on('all', ring).on('raw', ring).on('error', ring);
}

function createFollower(options: WatchOptions) {
  let current = options.current;
  let seen: string | undefined;

  /** False: there are faults that may be a half-written file, to be read once more. */
  async function read(report: boolean): Promise<boolean> {
    const { files, problems } = await readConfigFiles(options.path);
    const signature = signatureOf(files, problems);
    if (signature === seen || options.signal.aborted) return true;
    const result: ParseResult =
      problems.length > 0 ? { problems, warnings: [] } : parseConfig(files, options.vocabulary, current);
    if (result.config === undefined && !report) return false;
    seen = signature;
    if (result.config === undefined) {
      options.onProblems(result.problems);
      return true;
    }
    current = result.config;
    options.onConfig(result.config, result.warnings, files);
    return true;
  }
  return { read };
}

function signatureOf(files: readonly { path: string; text: string }[], problems: readonly Problem[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(`${path}\0${text.length}\0${text}\0`);
  return hash.update(JSON.stringify(problems)).digest('hex');
}

/** A wait that a ring, the abort or the time ends; a ring between two waits is not lost. */
function createBell(signal: AbortSignal) {
  let rung = false;
  let wake: (() => void) | undefined;
  function ring(): void {
    rung = true;
    wake?.();
  }
  signal.addEventListener('abort', ring, { once: true });
  async function wait(ms: number): Promise<void> {
    if (!rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    }
    rung = false;
  }
  return { ring, wait };
}
