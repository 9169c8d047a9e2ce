import type { Config } from '../model/config.ts';
import { SECRET_STORES } from '../secrets/index.ts';
import type { SecretStore, SecretStoreAdapter } from '../secrets/store.ts';

interface Running {
  readonly identity: string;
  readonly store: SecretStore;
}

/** The secret stores of the config that runs; one whose options are equal is kept over an edit. */
export class Stores {
  #running = new Map<string, Running>();

  update(config: Config, baseDir: string): ReadonlyMap<string, SecretStore> {
    const wanted = [{ name: 'file', kind: 'file', options: {} }, ...config.secretStores.values()];
    this.#running = new Map(
      wanted.flatMap(({ name, kind, options }) => {
        const running = this.#keepOrCreate(name, kind, options, baseDir);
        return running === undefined ? [] : [[name, running] as const];
      }),
    );
    return new Map([...this.#running].map(([name, { store }]) => [name, store]));
  }

  #keepOrCreate(name: string, kind: string, options: unknown, baseDir: string): Running | undefined {
    const identity = JSON.stringify([kind, options, baseDir]);
    const kept = this.#running.get(name);
    if (kept?.identity === identity) return kept;
    const adapters: Readonly<Record<string, SecretStoreAdapter<unknown, unknown>>> = SECRET_STORES;
    const adapter = adapters[kind];
    return adapter === undefined
      ? undefined
      : { identity, store: adapter.create(options, { name, baseDir }) };
  }
}
