import { errorText, MusterError } from '../../errors.ts';
import { type Entry, PartFiles } from './part-files.ts';
import { decodeConfig, decodeScope, decodeSnapshot, encodeConfig, SnapshotEncoder } from './records.ts';
import { ScopeEncoder } from './scope-encoder.ts';
import type {
  ConfigRecord,
  FleetState,
  ScopeRecord,
  SnapshotRecord,
  StateHealth,
  StoredState,
} from './state.ts';

interface DiskStateOptions {
  readonly dir: string;
  /** Longest time between a save and its write. */
  readonly writeBehindMs?: number;
  /** Told when writing begins to fail and when it works again. */
  readonly onHealth?: (health: StateHealth) => void;
}

type Task = () => Promise<void>;

const REVISION_KEY = 'revision';
const REVISION_BLOCK = 1000;

/** State of a single process: last good and snapshots in a directory. */
export function createDiskState(options: DiskStateOptions): FleetState {
  return new DiskState(options);
}

class DiskState implements FleetState {
  readonly #options: DiskStateOptions;
  readonly #files: PartFiles;
  readonly #encoders = new Map<string, SnapshotEncoder>();
  readonly #scopes = new Map<string, ScopeEncoder>();
  /** Newest task of each key; written in the order in which keys were first saved. */
  #waiting = new Map<string, Task>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #health: StateHealth = { ok: true };
  #closed = false;
  #revision = 0;
  #reserved = 0;

  constructor(options: DiskStateOptions) {
    this.#options = options;
    this.#files = new PartFiles(options.dir);
  }

  async load(): Promise<StoredState> {
    const { entries, problems } = await this.#readAll();
    const stored = sortEntries(entries, problems);
    this.#revision = Math.max(
      stored.reserved,
      stored.config?.revision ?? 0,
      ...stored.snapshots.map((s) => s.revision),
    );
    this.#reserve();
    await this.flush();
    return stored;
  }

  saveConfig(record: ConfigRecord): void {
    this.#save('config', () => this.#files.write(encodeConfig(record)));
  }

  saveScope(record: ScopeRecord): void {
    const key = scopeKey(record.source, record.scope);
    const encoder = this.#scopes.get(key) ?? new ScopeEncoder(key);
    this.#scopes.set(key, encoder);
    this.#save(key, async () => this.#files.write(await encoder.encode(record)));
  }

  saveSnapshot(group: string, read: () => SnapshotRecord): void {
    const key = snapshotKey(group);
    const encoder = this.#encoders.get(key) ?? new SnapshotEncoder(key);
    this.#encoders.set(key, encoder);
    this.#save(key, () => this.#files.write(encoder.encode(read())));
  }

  forgetScope(source: string, scope: string): void {
    this.#scopes.delete(scopeKey(source, scope));
    this.#save(scopeKey(source, scope), () => this.#files.remove(scopeKey(source, scope)));
  }

  forgetSnapshot(group: string): void {
    this.#encoders.delete(snapshotKey(group));
    this.#save(snapshotKey(group), () => this.#files.remove(snapshotKey(group)));
  }

  /** Numbers are reserved on disk in blocks, so a crash before a write never gives one out twice. */
  nextRevision(): number {
    this.#revision += 1;
    if (this.#revision > this.#reserved - REVISION_BLOCK / 2) this.#reserve();
    return this.#revision;
  }

  health(): StateHealth {
    return this.#health;
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeWaiting());
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #readAll(): Promise<{ entries: Entry[]; problems: string[] }> {
    try {
      return await this.#files.load();
    } catch (error) {
      // A replica must start without its disk; what it lacks it gathers from the sources.
      this.#setHealth(error);
      return { entries: [], problems: [`state directory ${this.#options.dir}: ${errorText(error)}`] };
    }
  }

  #reserve(): void {
    this.#reserved = this.#revision + REVISION_BLOCK;
    const facts = this.#reserved;
    this.#save(REVISION_KEY, () => this.#files.write({ key: REVISION_KEY, facts, parts: new Map() }));
  }

  #save(key: string, task: Task): void {
    if (this.#closed) return;
    this.#waiting.set(key, task);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.writeBehindMs ?? 500);
  }

  async #writeWaiting(): Promise<void> {
    const tasks = this.#waiting;
    this.#waiting = new Map();
    let failure: unknown;
    for (const [key, task] of tasks) {
      try {
        await task();
      } catch (error) {
        failure = error;
        if (!this.#waiting.has(key)) this.#retry(key, task);
      }
    }
    if (tasks.size > 0) this.#setHealth(failure);
  }

  #retry(key: string, task: Task): void {
    this.#waiting.set(key, task);
    if (!this.#closed) this.#timer ??= setTimeout(() => void this.flush(), 5_000).unref();
  }

  #setHealth(failure: unknown): void {
    const health: StateHealth =
      failure === undefined
        ? { ok: true }
        : {
            ok: false,
            error: `cannot write to the state directory ${this.#options.dir}: ${errorText(failure)}; traffic is unaffected, a restart would fall back to older state; free space or make it writable`,
          };
    if (health.ok !== this.#health.ok || health.error !== this.#health.error)
      this.#options.onHealth?.(health);
    this.#health = health;
  }
}

interface SortedState extends StoredState {
  readonly reserved: number;
}

function sortEntries(entries: readonly Entry[], found: readonly string[]): SortedState {
  const problems = [...found];
  const scopes: ScopeRecord[] = [];
  const snapshots: SnapshotRecord[] = [];
  let config: ConfigRecord | undefined;
  let reserved = 0;
  for (const entry of entries) {
    try {
      if (entry.key === REVISION_KEY) reserved = typeof entry.facts === 'number' ? entry.facts : 0;
      else if (entry.key === 'config') config = decodeConfig(entry);
      else if (entry.key.startsWith('scope/')) scopes.push(decodeScope(entry));
      else if (entry.key.startsWith('snapshot/')) snapshots.push(decodeSnapshot(entry));
      else throw new MusterError('state_failed', 'of a kind that this version does not know');
    } catch (error) {
      problems.push(`stored ${entry.key}: ${errorText(error)}`);
    }
  }
  return { config, scopes, snapshots, problems, reserved };
}

function scopeKey(source: string, scope: string): string {
  return `scope/${source}/${scope}`;
}

function snapshotKey(group: string): string {
  return `snapshot/${group}`;
}
