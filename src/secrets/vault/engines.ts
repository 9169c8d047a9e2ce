import { reactionOf, VaultFault, withNeed } from './fault.ts';
import { mountAnswer, parseAnswer } from './kv-answers.ts';
import type { SharedRead } from './kv2.ts';
import { encodePath } from './names.ts';
import type { KvRef } from './refs.ts';
import { SharedWork } from './shared-work.ts';

/** Which version of the KV engine a mount has: asked once. */
export class Engines {
  readonly #read: SharedRead;
  readonly #known = new Map<string, 1 | 2>();
  readonly #asking: SharedWork<1 | 2>;

  constructor(read: SharedRead, life: AbortSignal) {
    this.#read = read;
    this.#asking = new SharedWork(life);
  }

  async versionOf(ref: KvRef, signal: AbortSignal): Promise<1 | 2> {
    const known = ref.engine ?? this.#known.get(ref.mount);
    if (known !== undefined) return known;
    return this.#asking
      .run(ref.mount, (shared) => this.#ask(ref, shared), signal)
      .catch((error: unknown) => {
        // What is denied for another secret of the mount may be allowed for this one.
        if (reactionOf(error) !== 'forbidden') throw error;
        return this.#ask(ref, signal);
      });
  }

  async #ask({ mount, path }: KvRef, signal: AbortSignal): Promise<1 | 2> {
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
