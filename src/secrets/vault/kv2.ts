import type { SecretVersion, UnchangedSecret } from '../store.ts';
import { reactionOf, VaultFault, withNeed } from './fault.ts';
import { dataAnswer, type Metadata, metadataAnswer, parseAnswer } from './kv-answers.ts';
import { endWarnings, isGone, parseVersion, type Standing, versionText, wentBack } from './kv-version.ts';
import { encodePath } from './names.ts';
import { partsOf } from './parts.ts';
import type { KvRef } from './refs.ts';

/** Reads one path, shared with all who read it now. */
export type SharedRead = (path: string, signal: AbortSignal) => Promise<unknown>;

export interface Kv2Options {
  readonly read: SharedRead;
  readonly intervalMs: number;
  readonly now: () => number;
}

export interface Reading<Ref> {
  readonly ref: Ref;
  readonly known: string | undefined;
  readonly signal: AbortSignal;
}

interface Entry {
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly standing: Standing;
}

type Answer = SecretVersion | UnchangedSecret | undefined;

/** KV version 2: its metadata tell whether there is a new version; only then is the secret itself read. */
export class Kv2 {
  readonly #options: Kv2Options;
  /** Where the policy gives the secret and not its metadata. */
  readonly #withoutMetadata = new Set<string>();
  /** The newest version that was seen of an entry. */
  readonly #newest = new Map<string, Standing>();

  constructor(options: Kv2Options) {
    this.#options = options;
  }

  async read(reading: Reading<KvRef>): Promise<Answer> {
    const { ref, known, signal } = reading;
    const place = placeOf(ref);
    const standing = await this.#standing(ref, signal);
    if (standing === 'absent') return undefined;
    if (standing === 'untold') return this.#answer(reading, await this.#entry(ref, ref.version, signal));
    if (isGone(standing, this.#options.now())) return undefined;
    this.#checkOrder(place, standing, reading);
    if (versionText(standing, ref) === known) return this.#unchanged(standing, known);
    return this.#answer(reading, await this.#entry(ref, standing.number, signal));
  }

  #answer({ ref, known }: Reading<KvRef>, entry: Entry | undefined): Answer {
    if (entry?.fields === undefined || entry.fields === null) return undefined;
    const { fields, standing } = entry;
    if (isGone(standing, this.#options.now())) return undefined;
    this.#checkOrder(placeOf(ref), standing, { ref, known });
    const version = versionText(standing, ref);
    if (version === known) return this.#unchanged(standing, known);
    return { ...this.#unchanged(standing, version), parts: partsOf(ref, fields) };
  }

  #unchanged(standing: Standing, version: string): UnchangedSecret {
    const warnings = endWarnings(standing);
    return {
      version,
      checkAgainMs: this.#options.intervalMs,
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }

  /** Which version counts, by the metadata; `untold` where these may not be read. */
  async #standing(ref: KvRef, signal: AbortSignal): Promise<Standing | 'absent' | 'untold'> {
    const place = placeOf(ref);
    if (this.#withoutMetadata.has(place)) return 'untold';
    const path = `${encodePath(ref.mount)}/metadata/${encodePath(ref.path)}`;
    try {
      const answer = await this.#options.read(path, signal);
      const metadata = parseAnswer(metadataAnswer, answer, `${ref.mount}/metadata/${ref.path}`).data;
      return standingOf(ref, metadata);
    } catch (error) {
      if (reactionOf(error) === 'absent') return 'absent';
      if (reactionOf(error) !== 'forbidden') throw error;
    }
    // If the secret may not be read either, it is the token or its policy that is wrong.
    await this.#entry(ref, ref.version, signal);
    this.#withoutMetadata.add(place);
    return 'untold';
  }

  /** Undefined: Vault says that there is none. */
  async #entry(ref: KvRef, number: number | undefined, signal: AbortSignal): Promise<Entry | undefined> {
    const path = `${encodePath(ref.mount)}/data/${encodePath(ref.path)}`;
    const query = number === undefined ? '' : `?version=${number}`;
    try {
      const answer = await this.#options.read(path + query, signal);
      const { data, metadata } = parseAnswer(dataAnswer, answer, `${ref.mount}/data/${ref.path}`).data;
      if (number !== undefined && metadata.version !== number)
        throw new VaultFault(
          'broken',
          `${placeOf(ref)}: asked for version ${number}, got ${metadata.version}`,
        );
      return { fields: data, standing: { ...metadata, number: metadata.version } };
    } catch (error) {
      if (reactionOf(error) === 'absent') return undefined;
      throw withNeed(error, `read on ${ref.mount}/data/${ref.path}`);
    }
  }

  #checkOrder(
    place: string,
    standing: Standing,
    { ref, known }: Pick<Reading<KvRef>, 'ref' | 'known'>,
  ): void {
    if (ref.version !== undefined) return;
    const before = this.#newest.get(place) ?? parseVersion(known);
    if (wentBack(before, standing))
      throw new VaultFault(
        'refused',
        `${place} went back from version ${before?.number} to ${standing.number}, which is older: write it anew, or name the version in the config`,
      );
    this.#newest.set(place, standing);
  }
}

function standingOf(ref: KvRef, { current_version, versions }: Metadata): Standing | 'absent' {
  const number = ref.version ?? current_version;
  const facts = versions?.[String(number)];
  return facts === undefined ? 'absent' : { ...facts, number };
}

function placeOf({ mount, path }: KvRef): string {
  return `${mount}/${path}`;
}
