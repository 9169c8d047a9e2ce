import type { Config } from '../model/config.ts';

/**
 * Which sources and secrets have said anything yet, good or bad. The first build waits for them:
 * a snapshot without them would look as if they were empty.
 */
export class FirstAnswers {
  readonly #missing = new Set<string>();
  #done: (() => void) | undefined;

  expect(config: Config): void {
    for (const name of config.sources.keys()) this.#missing.add(`source/${name}`);
    for (const name of config.secrets.keys()) this.#missing.add(`secret/${name}`);
  }

  source(name: string): void {
    this.#answered(`source/${name}`);
  }

  secret(name: string): void {
    this.#answered(`secret/${name}`);
  }

  /** Resolves when all have answered, or after `mostMs`. */
  wait(mostMs: number): Promise<void> {
    if (this.#missing.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, mostMs);
      this.#done = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #answered(key: string): void {
    // A source reports its scopes one after the other in one turn of the event loop: let all of them in.
    if (this.#missing.delete(key) && this.#missing.size === 0) setImmediate(() => this.#done?.());
  }
}
