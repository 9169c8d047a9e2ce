import path from 'node:path';
import { systemClock } from '../../clock.ts';
import { MusterError } from '../../errors.ts';
import { FolderWatch, foldersOf } from '../../files/watch-paths.ts';
import { Poller } from '../poll.ts';
import type { ScopeReport, Source, SourceAdapter, SourceContext } from '../source.ts';
import { findFiles, type Pattern, parsePattern } from './find.ts';
import { FILE_SERVICE_LABEL } from './instances.ts';
import { type FileState, lookAt, NEVER_READ } from './scan.ts';
import { type FileSourceOptions, fileSourceOptions } from './schema.ts';

/** Events come in bursts: a rename is two, a save up to five. */
const GATHER_MS = 10;

/** Endpoints from files, each file one scope (SRC13). */
export const fileSource: SourceAdapter<FileSourceOptions> = {
  kind: 'file',
  schema: fileSourceOptions,
  serviceLabel: FILE_SERVICE_LABEL,
  trustsAddresses: true,
  create: createFileSource,
};

function createFileSource(options: FileSourceOptions, context: SourceContext): Source {
  return { watch: (signal) => watchFiles(options, context, signal) };
}

async function* watchFiles(
  options: FileSourceOptions,
  context: SourceContext,
  signal: AbortSignal,
): AsyncGenerator<ScopeReport, void, void> {
  if (signal.aborted) return;
  const folder = new Folder(options, context);
  const poller = new Poller({
    refresh: () => folder.scan(),
    intervalMs: options.reread,
    again: (seen) => seen.againMs,
  });
  let cancelGather: (() => void) | undefined;
  const watch = new FolderWatch(() => {
    cancelGather ??= systemClock.after(GATHER_MS, () => {
      cancelGather = undefined;
      poller.wake();
    });
  });
  folder.onFolders = (folders) => watch.set(folders);
  try {
    for await (const result of poller.results(signal)) {
      if (result.kind === 'value') yield* result.value.reports;
      else yield* folder.failure(result.error);
    }
  } finally {
    cancelGather?.();
    watch.close();
  }
}

interface Scan {
  readonly reports: readonly ScopeReport[];
  readonly againMs: number | undefined;
}

/** The files of one source and what was last seen of each. */
class Folder {
  onFolders: (folders: ReadonlySet<string>) => void = () => undefined;
  readonly #patterns: readonly Pattern[];
  readonly #baseDir: string;
  readonly #rereadMs: number;
  #states: ReadonlyMap<string, FileState>;
  #fullAt = 0;

  constructor(options: FileSourceOptions, context: SourceContext) {
    this.#baseDir = path.resolve(context.baseDir);
    this.#patterns = options.paths.map((text) => parsePattern(text, this.#baseDir));
    this.#rereadMs = options.reread;
    const known = context.knownScopes ?? [];
    this.#states = new Map(known.map((scope) => [path.resolve(this.#baseDir, scope), NEVER_READ]));
  }

  async scan(): Promise<Scan> {
    const now = Date.now();
    const fully = now - this.#fullAt >= this.#rereadMs * 0.8;
    // Watch first, look then: a change that comes in between is noticed.
    this.onFolders(this.#foldersToWatch([...this.#states.keys()]));
    const found = await findFiles(this.#patterns);
    const files = [...new Set([...found.keys(), ...this.#states.keys()])].sort();
    this.onFolders(this.#foldersToWatch(files));
    const states = new Map<string, FileState>();
    const reports: ScopeReport[] = [];
    let againMs: number | undefined;
    for (const file of files) {
      const how = { fully, now, within: found.get(file) };
      const look = await lookAt(file, this.#scopeOf(file), this.#states.get(file) ?? NEVER_READ, how);
      states.set(file, look.state);
      if (look.report !== undefined) reports.push(look.report);
      if (look.againMs !== undefined) againMs = Math.min(look.againMs, againMs ?? look.againMs);
    }
    if (files.length === 0 && this.#fullAt === 0) reports.push(this.#nothingThere());
    this.#states = states;
    if (fully) this.#fullAt = now;
    return { reports, againMs };
  }

  /** A glob that cannot be walked says nothing about the files it matched so far, so each of them failed. */
  failure(error: Error): readonly ScopeReport[] {
    const scopes = [...this.#states.keys()].map((file) => this.#scopeOf(file));
    const failed = new MusterError('source_failed', error.message, { cause: error });
    return (scopes.length > 0 ? scopes : ['']).map((scope) => ({ kind: 'failure', scope, error: failed }));
  }

  /** Globs that match nothing yet are an answer: whoever waits for a first report is not left waiting. */
  #nothingThere(): ScopeReport {
    const scope = this.#patterns.map((pattern) => this.#scopeOf(pattern.absolute)).join(' ');
    return { kind: 'complete', scope, instances: [], reason: 'stated' };
  }

  #foldersToWatch(files: readonly string[]): ReadonlySet<string> {
    return new Set([...this.#patterns.map((pattern) => pattern.root), ...files.flatMap(foldersOf)]);
  }

  /** Relative to the config, so that replicas that keep it in different places agree. */
  #scopeOf(file: string): string {
    const relative = path.relative(this.#baseDir, file);
    return relative.startsWith('..') ? file : relative;
  }
}
