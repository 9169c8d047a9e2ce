import { randomBytes } from 'node:crypto';
import { errorText } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';
import type { SecretBytes } from '../secret-bytes.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import { SealedFiles } from './files.ts';
import { loadSealed } from './load.ts';
import { factsOf, goneAt, isOf, type Kept, keptOf, toSealed } from './record.ts';
import { NONCE_BYTES, seal } from './seal.ts';
import { deriveSealKeys, fileNameOf, type SealKeys } from './seal-keys.ts';
import type { RestoredSecrets, SealedSecrets } from './sealed-secrets.ts';

interface SealedOnDiskOptions {
  readonly stateDir: string;
  /** 32 bytes. */
  readonly key: SecretBytes;
  /** Told when writing begins to fail; undefined: it works again. */
  readonly onProblem: (problem: string | undefined) => void;
  readonly writeBehindMs?: number;
}

/** How often what does not change is written again, so that its age on disk says something. */
const CONFIRM_MS = 86_400_000;
/** How often confirmations are asked for, and failed writes tried again. */
const LOOK_AGAIN_MS = 60_000;

export function createSealedOnDisk(options: SealedOnDiskOptions): SealedSecrets {
  return new SealedOnDisk(options);
}

/** Each write brings one file to what is kept of its secret then: a name that changes often is written once. */
class SealedOnDisk implements SealedSecrets {
  readonly #options: SealedOnDiskOptions;
  readonly #keys: SealKeys;
  readonly #files: SealedFiles;
  readonly #kept = new Map<string, Kept>();
  /** Too old for the disk; what its store confirms is written again. */
  readonly #gone = new Set<string>();
  /** Names whose file differs from what is kept. */
  #waiting = new Set<string>();
  #failed = new Set<string>();
  /** Files under another key; they go when all that is wanted was written under this one. */
  #foreign: readonly string[] = [];
  #wanted: ReadonlySet<string> | undefined;
  #told: string | undefined;
  #lookedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SealedOnDiskOptions) {
    this.#options = options;
    this.#keys = deriveSealKeys(options.key);
    this.#files = new SealedFiles(options.stateDir);
  }

  get versionKey(): SecretBytes {
    return this.#keys.versions;
  }

  async load(wanted: Iterable<SecretConfig>, now: number): Promise<RestoredSecrets> {
    try {
      const { kept, foreign, problems } = await loadSealed(this.#files, this.#keys, wanted, now);
      for (const one of kept) this.#kept.set(one.name, one);
      this.#foreign = foreign;
      return { secrets: new Map(kept.map(({ name, secret }) => [name, secret])), problems };
    } catch (error) {
      // A replica must start without its disk; what it lacks the stores give.
      return { secrets: new Map(), problems: [`sealed secrets cannot be read: ${errorText(error)}`] };
    }
  }

  put(config: SecretConfig, secret: CheckedSecret, now: number): void {
    const kept = keptOf(config, secret, now);
    const before = this.#kept.get(config.name);
    const isSame =
      before !== undefined && isOf(factsOf(before), config) && before.secret.version === secret.version;
    if (isSame && now - before.at < CONFIRM_MS && !this.#failed.has(config.name)) return;
    if (goneAt(factsOf(kept)) <= now) return;
    this.#keep(kept);
  }

  retain(wanted: ReadonlyMap<string, SecretConfig>): void {
    this.#wanted = new Set(wanted.keys());
    for (const [name, kept] of this.#kept) {
      const config = wanted.get(name);
      if (config === undefined || !isOf(factsOf(kept), config)) this.#drop(name);
    }
  }

  sweep(now: number, confirmed: () => ReadonlyMap<string, number>): void {
    for (const [name, kept] of this.#kept) {
      if (goneAt(factsOf(kept)) > now || this.#gone.has(name)) continue;
      this.#gone.add(name);
      this.#mark(name);
    }
    if (Math.abs(now - this.#lookedAt) < LOOK_AGAIN_MS) return;
    this.#lookedAt = now;
    for (const [name, at] of confirmed()) this.#confirm(name, at);
    for (const name of this.#failed) this.#mark(name);
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

  #confirm(name: string, at: number): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.secret.kind === 'tls' || at - kept.at < CONFIRM_MS) return;
    this.#keep({ ...kept, at });
  }

  #keep(kept: Kept): void {
    this.#kept.set(kept.name, kept);
    this.#gone.delete(kept.name);
    this.#mark(kept.name);
  }

  #drop(name: string): void {
    this.#kept.delete(name);
    this.#gone.delete(name);
    this.#mark(name);
  }

  #mark(name: string): void {
    if (this.#closed) return;
    this.#waiting.add(name);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.writeBehindMs ?? 200);
  }

  async #writeWaiting(): Promise<void> {
    const names = this.#waiting;
    this.#waiting = new Set();
    for (const name of names) {
      try {
        await this.#bring(name);
        this.#failed.delete(name);
      } catch (error) {
        this.#failed.add(name);
        this.#tell(errorText(error));
      }
    }
    if (names.size > 0 && this.#failed.size === 0) await this.#allWritten();
  }

  async #bring(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    const file = fileNameOf(this.#keys, name);
    if (kept === undefined || this.#gone.has(name)) await this.#files.remove(file);
    else await this.#files.write(file, seal(this.#keys, toSealed(kept), randomBytes(NONCE_BYTES)));
  }

  async #allWritten(): Promise<void> {
    this.#tell(undefined);
    const foreign = this.#foreign;
    const hasAll = this.#wanted !== undefined && [...this.#wanted].every((name) => this.#kept.has(name));
    if (foreign.length === 0 || !hasAll) return;
    this.#foreign = [];
    for (const file of foreign) await this.#files.remove(file).catch(() => undefined);
  }

  #tell(text: string | undefined): void {
    if ((text === undefined) === (this.#told === undefined)) return;
    this.#told = text;
    this.#options.onProblem(text === undefined ? undefined : this.#words(text));
  }

  #words(text: string): string {
    return `sealed secrets cannot be written to ${this.#files.dir}: ${text}; traffic is unaffected, a cold start would lack what is not there; free space or make it writable`;
  }
}
