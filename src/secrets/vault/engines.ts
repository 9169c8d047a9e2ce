import { VaultFault, withNeed } from './fault.ts';
import { mountAnswer, parseAnswer } from './kv-answers.ts';
import type { SharedRead } from './kv2.ts';
import { encodePath } from './names.ts';
import type { KvRef } from './refs.ts';

/** Which version of the KV engine a mount has: asked once. */
export class Engines {
  readonly #read: SharedRead;
  readonly #known = new Map<string, 1 | 2>();

  constructor(read: SharedRead) {
    this.#read = read;
  }

  async versionOf({ mount, path, engine }: KvRef, signal: AbortSignal): Promise<1 | 2> {
    const known = engine ?? this.#known.get(mount);
    if (known !== undefined) return known;
    const asked = `sys/internal/ui/mounts/${mount}/${path}`;
    const encoded = `sys/internal/ui/mounts/${encodePath(mount)}/${encodePath(path)}`;
    const answer = await this.#read(encoded, signal).catch((error: unknown) => {
      throw withNeed(error, `read on ${mount}/data/${path}, or on ${mount}/${path} for KV version 1`);
    });
    const { type, options } = parseAnswer(mountAnswer, answer, asked).data;
    if (type !== 'kv' && type !== 'generic')
      throw new VaultFault('refused', `${mount} is no KV engine but of type ${type}`);
    const version = options?.version === '2' ? 2 : 1;
    this.#known.set(mount, version);
    return version;
  }

  /** It may have been made anew as another version. */
  forget(mount: string): void {
    this.#known.delete(mount);
  }
}
