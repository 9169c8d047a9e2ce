import { hash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSynced } from '../../files/write-synced.ts';

/** A stored value: small facts, and named parts of bytes. */
export interface Entry {
  readonly key: string;
  readonly facts: unknown;
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

interface Manifest {
  readonly format: 1;
  readonly key: string;
  readonly facts: unknown;
  /** Part name -> sha256 of its bytes, which is also its file's name. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * Entries on disk as content-addressed parts under a manifest each. A manifest is replaced by
 * rename after its parts are synced; a copy of its predecessor stays beside it with its parts, so
 * whatever is cut off or flipped, one of the two still reads. Only parts whose bytes changed are written.
 * One writer; calls must not overlap.
 */
export class PartFiles {
  readonly #dir: string;
  /** Manifest file -> the part hashes it needs. */
  readonly #needed = new Map<string, readonly string[]>();
  readonly #present = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  async load(): Promise<{ entries: Entry[]; problems: string[] }> {
    await this.#makeFolders();
    for (const name of await readdir(this.#partsDir)) this.#present.add(name);
    const names = (await readdir(this.#manifestsDir)).filter((name) => /^[0-9a-f]{32}\.json$/.test(name));
    const entries: Entry[] = [];
    const problems: string[] = [];
    for (const name of names) {
      const entry = await this.#loadNewest(name, problems);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, problems };
  }

  async write(entry: Entry): Promise<void> {
    await this.#makeFolders();
    const parts: Record<string, string> = {};
    for (const [name, bytes] of entry.parts) parts[name] = await this.#writePart(bytes);
    const file = manifestName(entry.key);
    const body = JSON.stringify({ format: 1, key: entry.key, facts: entry.facts, parts } satisfies Manifest);
    await this.#keepPredecessor(file);
    await writeSynced(join(this.#manifestsDir, file), `${hash('sha256', body)}\n${body}`);
    this.#needed.set(file, Object.values(parts));
    await this.#collect();
  }

  async remove(key: string): Promise<void> {
    const file = manifestName(key);
    for (const name of [file, previousName(file)]) {
      await rm(join(this.#manifestsDir, name), { force: true });
      this.#needed.delete(name);
    }
    await this.#collect();
  }

  get #manifestsDir(): string {
    return join(this.#dir, 'manifests');
  }

  get #partsDir(): string {
    return join(this.#dir, 'parts');
  }

  async #makeFolders(): Promise<void> {
    await mkdir(this.#manifestsDir, { recursive: true, mode: 0o700 });
    await mkdir(this.#partsDir, { recursive: true, mode: 0o700 });
  }

  async #writePart(bytes: Uint8Array): Promise<string> {
    const name = hash('sha256', bytes);
    if (!this.#present.has(name)) {
      await writeSynced(join(this.#partsDir, name), bytes);
      this.#present.add(name);
    }
    return name;
  }

  async #keepPredecessor(file: string): Promise<void> {
    const needed = this.#needed.get(file);
    if (needed === undefined) return;
    const previous = join(this.#manifestsDir, previousName(file));
    await copyFile(join(this.#manifestsDir, file), `${previous}.tmp`);
    await rename(`${previous}.tmp`, previous);
    this.#needed.set(previousName(file), needed);
  }

  async #loadNewest(file: string, problems: string[]): Promise<Entry | undefined> {
    for (const name of [file, previousName(file)]) {
      try {
        const { entry, needed } = await this.#loadManifest(name);
        this.#needed.set(name, needed);
        return entry;
      } catch (error) {
        problems.push(
          `${join(this.#manifestsDir, name)}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    return undefined;
  }

  async #loadManifest(name: string): Promise<{ entry: Entry; needed: readonly string[] }> {
    const manifest = parseManifest(await readFile(join(this.#manifestsDir, name), 'utf8'));
    const parts = new Map<string, Uint8Array>();
    for (const [part, digest] of Object.entries(manifest.parts)) {
      const bytes = await readFile(join(this.#partsDir, digest));
      if (hash('sha256', bytes) !== digest) {
        // Not there for the next write, or its like would be taken for written.
        this.#present.delete(digest);
        throw new Error(`part ${part} does not match its checksum`);
      }
      parts.set(part, bytes);
    }
    return {
      entry: { key: manifest.key, facts: manifest.facts, parts },
      needed: Object.values(manifest.parts),
    };
  }

  async #collect(): Promise<void> {
    const needed = new Set([...this.#needed.values()].flat());
    for (const name of this.#present) {
      if (needed.has(name)) continue;
      await rm(join(this.#partsDir, name), { force: true });
      this.#present.delete(name);
    }
  }
}

function parseManifest(text: string): Manifest {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || hash('sha256', body) !== text.slice(0, end))
    throw new Error('the file does not match its checksum');
  // The checksum shows that these are our own bytes; the format number guards against another version's.
  const manifest = JSON.parse(body) as Manifest;
  if (manifest.format !== 1)
    throw new Error(`written in format ${String(manifest.format)}, this version reads 1`);
  return manifest;
}

function manifestName(key: string): string {
  return `${hash('sha256', key).slice(0, 32)}.json`;
}

function previousName(file: string): string {
  return file.replace(/\.json$/, '.prev.json');
}
