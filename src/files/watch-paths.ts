import { existsSync, type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs';
import path from 'node:path';

/** More hops than that is a circle. */
const MAX_LINKS = 40;

/**
 * The folders whose entries decide what `file` leads to: its own, and for each symbolic link on
 * the way the folder that holds the link. A rename over the file, a new file at its place and a
 * swapped link each show up as a change in one of them.
 */
export function foldersOf(file: string): readonly string[] {
  const folders = new Set<string>();
  let rest = path.resolve(file).split(path.sep).slice(1);
  let at = path.parse(path.resolve(file)).root;
  for (let links = 0; rest.length > 0 && links < MAX_LINKS; ) {
    const [name = '', ...after] = rest;
    const here = path.join(at, name);
    const target = linkTarget(here);
    if (target !== undefined || after.length === 0) folders.add(at);
    if (target === undefined) {
      at = here;
      rest = after;
      continue;
    }
    links += 1;
    const resolved = path.resolve(at, target);
    at = path.parse(resolved).root;
    rest = [...resolved.split(path.sep).slice(1), ...after].filter((part) => part !== '');
  }
  return [...folders];
}

/**
 * A set of watched folders. Node's own watch on the folder is used, as only "something happened
 * in there" is wanted: it survives atomic renames and sees a swapped link to a folder, which
 * watchers of a file's own inode do not. A folder that cannot be watched (gone, out of inotify
 * watches) is tried again at every `set`; the periodic re-read of the owner covers the time between.
 */
export class FolderWatch {
  readonly #changed: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Watches exactly these folders from now on; for one that does not exist, the nearest above it that does. */
  set(folders: Iterable<string>): void {
    const wanted = new Set(Array.from(folders, nearestFolder));
    for (const [folder, watcher] of this.#watchers) {
      if (!wanted.has(folder)) this.#drop(folder, watcher);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#add(folder);
  }

  close(): void {
    for (const [folder, watcher] of this.#watchers) this.#drop(folder, watcher);
  }

  #add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false });
      this.#watchers.set(folder, watcher);
      watcher.on('change', (kind, name) => {
        // The folder itself was removed or moved away: its watch is deaf from now on.
        if (kind === 'rename' && name === path.basename(folder)) this.#drop(folder, watcher);
        this.#changed();
      });
      watcher.on('error', () => this.#drop(folder, watcher));
    } catch {
      // Not there or no watches left: the owner re-reads periodically and calls set again.
    }
  }

  #drop(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder);
  }
}

function nearestFolder(folder: string): string {
  let nearest = folder;
  while (!existsSync(nearest) && path.dirname(nearest) !== nearest) nearest = path.dirname(nearest);
  return nearest;
}

function linkTarget(file: string): string | undefined {
  try {
    return lstatSync(file).isSymbolicLink() ? readlinkSync(file) : undefined;
  } catch {
    return undefined;
  }
}
