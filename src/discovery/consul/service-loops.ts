import { type Clock, sleep } from '../../clock.ts';
import { ServiceWatch, type WatchParts } from './service-watch.ts';

/** How the services of a list are followed: each by itself, or all by their checks. */
export interface Follower {
  /** Exactly these from now on. */
  follow(services: ReadonlySet<string>): void;
  /** A snapshot was restored: an agent's view goes back too, but wakes nobody who waits for more. */
  restart(): void;
  /** The server answers again: whoever waits to try again may. */
  retryNow(): void;
  /** Something may have changed that this follower does not see. `event`: it was told so. */
  listChanged(event: boolean): void;
  close(): Promise<void>;
}

/** New questions are paced, so that a thousand services are no burst (SRC7). */
const NEW_PER_SECOND = 50;

/** One blocking query for each service. */
export class ServiceLoops implements Follower {
  readonly #parts: WatchParts;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, { readonly watch: ServiceWatch; readonly done: Promise<void> }>();
  readonly #ending = new Set<Promise<void>>();
  readonly #pace: Pace;

  constructor(parts: WatchParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#pace = new Pace(parts.clock, NEW_PER_SECOND);
  }

  follow(services: ReadonlySet<string>): void {
    for (const [name, { watch, done }] of this.#running) {
      if (services.has(name)) continue;
      watch.stop();
      this.#running.delete(name);
      const ended = done.finally(() => this.#ending.delete(ended));
      this.#ending.add(ended);
    }
    for (const name of services) {
      if (this.#running.has(name)) continue;
      const watch = new ServiceWatch(name, this.#parts);
      this.#running.set(name, { watch, done: this.#start(watch) });
    }
  }

  retryNow(): void {
    for (const { watch } of this.#running.values()) watch.retryNow();
  }

  restart(): void {
    for (const { watch } of this.#running.values()) {
      void this.#pace.turn(this.#signal).then(() => watch.restart());
    }
  }

  /** Each sees its own changes. */
  listChanged(): void {}

  async close(): Promise<void> {
    this.follow(new Set());
    await Promise.all(this.#ending);
  }

  async #start(watch: ServiceWatch): Promise<void> {
    await this.#pace.turn(this.#signal);
    if (!this.#signal.aborted) await watch.run(this.#signal);
  }
}

/** Gives out turns, evenly. */
export class Pace {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #next = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#everyMs = 1000 / perSecond;
  }

  async turn(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#everyMs;
    if (at > now) await sleep(at - now, signal, this.#clock);
  }
}
