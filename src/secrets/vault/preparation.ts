import type { Clock } from '../../clock.ts';
import type { AuthMethod } from './auth/method.ts';
import { VaultFault } from './fault.ts';

const EVERY_MS = 5000;

/** Calls a method's `prepare` every few seconds, from `start` until `close`. */
export class Preparation {
  readonly #method: AuthMethod;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #closed = false;
  /** What will keep the next login from succeeding, though this one holds. */
  #warning: string | undefined;

  constructor(method: AuthMethod, clock: Clock) {
    this.#method = method;
    this.#clock = clock;
  }

  get warnings(): readonly string[] {
    return this.#warning === undefined ? [] : [this.#warning];
  }

  start(): void {
    if (this.#method.prepare === undefined || this.#closed || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(EVERY_MS, () => void this.#run());
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #run(): Promise<void> {
    try {
      await this.#method.prepare?.();
      this.#warning = undefined;
    } catch (error) {
      // A Vault that is down says nothing about what is in the file.
      if (error instanceof VaultFault && error.reaction !== 'down') this.#warning = error.message;
    }
    this.#cancel = undefined;
    this.start();
  }
}
