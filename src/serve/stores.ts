import type { Logger } from 'pino';
import { errorText } from '../errors.ts';
import type { Config } from '../model/config.ts';
import type { SecretBytes } from '../secret-bytes.ts';
import { SECRET_STORES } from '../secrets/index.ts';
import type { SecretStore, SecretStoreAdapter, SecretStoreContext } from '../secrets/store.ts';

interface Running {
  readonly identity: string;
  readonly store: SecretStore;
}

export interface StoresOptions {
  /** Newest good values of secrets: what a store may log in with. */
  readonly secret: (name: string) => SecretBytes | undefined;
  readonly hmacKey?: SecretBytes | undefined;
  readonly logger: Logger;
}

/** The secret stores of the config that runs; one whose options are equal is kept over an edit. */
export class Stores {
  readonly #options: StoresOptions;
  #running = new Map<string, Running>();

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  update(config: Config, baseDir: string): ReadonlyMap<string, SecretStore> {
    const wanted = [{ name: 'file', kind: 'file', options: {} }, ...config.secretStores.values()];
    const before = this.#running;
    this.#running = new Map(
      wanted.flatMap(({ name, kind, options }) => {
        const running = this.#keepOrCreate(name, kind, options, baseDir);
        return running === undefined ? [] : [[name, running] as const];
      }),
    );
    const kept = new Set([...this.#running.values()].map(({ store }) => store));
    for (const [name, { store }] of before) if (!kept.has(store)) void this.#closeOne(name, store);
    return new Map([...this.#running].map(([name, { store }]) => [name, store]));
  }

  /** After the last read. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map(([name, { store }]) => this.#closeOne(name, store)));
  }

  #keepOrCreate(name: string, kind: string, options: unknown, baseDir: string): Running | undefined {
    const identity = JSON.stringify([kind, options, baseDir]);
    const kept = this.#running.get(name);
    if (kept?.identity === identity) return kept;
    const adapters: Readonly<Record<string, SecretStoreAdapter<unknown, unknown>>> = SECRET_STORES;
    const adapter = adapters[kind];
    return adapter === undefined
      ? undefined
      : { identity, store: adapter.create(options, this.#context(name, baseDir)) };
  }

  #context(name: string, baseDir: string): SecretStoreContext {
    const { secret, hmacKey } = this.#options;
    return { name, baseDir, secret, hmacKey };
  }

  /** What cannot be given back ends by itself: it is told, and stops nothing. */
  async #closeOne(name: string, store: SecretStore): Promise<void> {
    try {
      await store.close?.();
    } catch (error) {
      this.#options.logger.warn(
        { store: name, error: errorText(error) },
        'a secret store did not close well',
      );
    }
  }
}
