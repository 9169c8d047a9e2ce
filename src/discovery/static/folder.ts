import path from 'node:path';
import { MusterError } from '../../errors.ts';
import { foldersOf } from '../../files/watch-paths.ts';
import type { Hostnames } from '../address.ts';
import type { ScopeReport, SourceContext } from '../source.ts';
import { type Found, findFiles, type Pattern, parsePattern } from './find.ts';
import { type FileState, lookAt, NEVER_READ } from './scan.ts';
import type { FileSourceOptions } from './schema.ts';

export interface Scan {
  readonly reports: readonly ScopeReport[];
  readonly againMs: number | undefined;
  /** Some file has not been reported yet, neither well nor badly. */
  readonly isWaiting: boolean;
}

/** The files of one source and what was last seen of each. */
export class Folder {
  onFolders: (folders: ReadonlySet<string>) => void = () => undefined;
  readonly #patterns: readonly Pattern[];
  readonly #baseDir: string;
  readonly #rereadMs: number;
  readonly #hostnames: Hostnames;
  #states: ReadonlyMap<string, FileState>;
  #fullAt = 0;

  constructor(options: FileSourceOptions, context: SourceContext) {
    this.#baseDir = path.resolve(context.baseDir);
    this.#patterns = options.paths.map((text) => parsePattern(text, this.#baseDir));
    this.#rereadMs = options.reread;
    this.#hostnames = options.hostnames;
    const known = context.knownScopes ?? [];
    this.#states = new Map(known.map((scope) => [path.resolve(this.#baseDir, scope), NEVER_READ]));
  }

  async scan(): Promise<Scan> {
    const now = Date.now();
    const fully = now - this.#fullAt >= this.#rereadMs * 0.8;
    // Watch first, look then: a change that comes in between is noticed.
    this.onFolders(this.#foldersToWatch([...this.#states.keys()], []));
    const found = await findFiles(this.#patterns);
    const files = this.#filesNow(found);
    this.onFolders(this.#foldersToWatch(files, found.folders));
    const states = new Map<string, FileState>();
    const reports: ScopeReport[] = this.#becameFolders(found);
    let againMs: number | undefined;
    for (const file of files) {
      const how = { fully, now, within: found.files.get(file), hostnames: this.#hostnames };
      const look = await lookAt(file, this.#scopeOf(file), this.#states.get(file) ?? NEVER_READ, how);
      states.set(file, look.state);
      if (look.report !== undefined) reports.push(look.report);
      if (look.againMs !== undefined) againMs = Math.min(look.againMs, againMs ?? look.againMs);
    }
    if (files.length === 0 && this.#fullAt === 0) reports.push(this.#nothingThere());
    this.#states = states;
    if (fully) this.#fullAt = now;
    const isWaiting = [...states.values()].some(({ reported }) => reported === undefined);
    return { reports, againMs, isWaiting };
  }

  #filesNow({ files, folders }: Found): readonly string[] {
    const all = new Set([...files.keys(), ...this.#states.keys()]);
    for (const folder of folders) all.delete(folder);
    return [...all].sort();
  }

  /** A path that was missing when it was looked at first, and is a folder now, is no scope any more. */
  #becameFolders({ folders }: Found): ScopeReport[] {
    return folders
      .filter((folder) => this.#states.has(folder))
      .map((folder) => ({
        kind: 'complete',
        scope: this.#scopeOf(folder),
        instances: [],
        reason: 'stated',
        closed: true,
      }));
  }

  /** A glob that cannot be walked says nothing about the files it matched so far, so each of them failed. */
  failure(error: Error): readonly ScopeReport[] {
    const files = [...this.#states.keys()];
    const scopes = files.map((file) => this.#scopeOf(file));
    // Once it can be walked again each file is told anew, which ends the failure.
    this.#states = new Map(files.map((file) => [file, NEVER_READ]));
    const failed = new MusterError('source_failed', error.message, { cause: error });
    return (scopes.length > 0 ? scopes : ['']).map((scope) => ({ kind: 'failure', scope, error: failed }));
  }

  /** Globs that match nothing yet are an answer: whoever waits for a first report is not left waiting. */
  #nothingThere(): ScopeReport {
    const scope = this.#patterns.map((pattern) => this.#scopeOf(pattern.absolute)).join(' ');
    return { kind: 'complete', scope, instances: [], reason: 'stated' };
  }

  #foldersToWatch(files: readonly string[], folders: readonly string[]): ReadonlySet<string> {
    const roots = this.#patterns.map((pattern) => pattern.root);
    return new Set([...roots, ...folders, ...files.flatMap(foldersOf)]);
  }

  /** Relative to the config, so that replicas that keep it in different places agree. */
  #scopeOf(file: string): string {
    const relative = path.relative(this.#baseDir, file);
    return relative.startsWith('..') ? file : relative;
  }
}
