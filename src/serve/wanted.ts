import type { Wanted } from '../discovery/source.ts';
import type { Config } from '../model/config.ts';

/** What the config that runs asks of the sources, followed over edits. */
export class WantedServices {
  #config: Config | undefined;
  readonly #listeners = new Set<() => void>();

  /** Another config: whoever watches is told where it concerns them. */
  follow(config: Config): void {
    this.#config = config;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Of the sources that share one watch. */
  of(names: () => readonly string[]): Wanted {
    let last = this.#asked(names());
    return {
      current: () => this.#asked(names()),
      onChange: (listener, signal) => {
        const heard = (): void => {
          const now = this.#asked(names());
          if (isSame(last, now)) return;
          last = now;
          listener();
        };
        this.#listeners.add(heard);
        signal.addEventListener('abort', () => this.#listeners.delete(heard), { once: true });
      },
    };
  }

  #asked(names: readonly string[]): ReadonlySet<string> | undefined {
    const asked = new Set<string>();
    for (const { from } of this.#config?.services.values() ?? []) {
      for (const { source, service } of from) {
        if (!names.includes(source)) continue;
        if (service === undefined) return undefined;
        asked.add(service);
      }
    }
    return asked;
  }
}

function isSame(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every((name) => b.has(name));
}
