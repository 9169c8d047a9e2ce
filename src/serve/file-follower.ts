import { sleep } from '../clock.ts';
import { FolderWatch, foldersOf } from '../files/watch-paths.ts';

export interface FollowedFiles {
  readonly paths: readonly string[];
  /** How long a change that no event told may go unseen. */
  readonly intervalMs: number;
  /** Reads the files anew; never called twice at once, must not throw. False: not well, look again soon. */
  readonly look: () => Promise<boolean>;
}

/** The second half of a file that was half written need not be seen by the watch. */
const AGAIN_MS = 1000;

/** Writers of several files are given a moment to finish. */
const GATHER_MS = 100;

/** Looks at files again when something happens beside them, and every so often whatever happens. */
export class FileFollower {
  readonly #files: FollowedFiles;
  readonly #life = new AbortController();
  readonly #watch: FolderWatch;
  readonly #running: Promise<void>;
  #waitMs: number;
  #hint = Promise.withResolvers<void>();

  constructor(files: FollowedFiles) {
    this.#files = files;
    this.#waitMs = files.intervalMs;
    this.#watch = new FolderWatch(() => this.#hint.resolve());
    // What changed since it was read first is seen at once.
    this.#hint.resolve();
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#life.abort();
    this.#watch.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      this.#watch.set(this.#files.paths.flatMap((path) => foldersOf(path)));
      await this.#somethingHappens(signal);
      if (signal.aborted) return;
      await sleep(GATHER_MS, signal);
      this.#hint = Promise.withResolvers();
      const isWell = await this.#files.look();
      this.#waitMs = isWell ? this.#files.intervalMs : Math.min(AGAIN_MS, this.#files.intervalMs);
    }
  }

  async #somethingHappens(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#hint.promise, sleep(this.#waitMs, AbortSignal.any([signal, over.signal]))]);
    over.abort();
  }
}
