import type { Clock } from '../../clock.ts';
import { BlockingQuery } from './blocking.ts';
import type { ConsulClient } from './client.ts';
import type { HealthEntry } from './entries.ts';
import { instancesOf } from './instance.ts';
import type { ConsulOptions } from './schema.ts';
import type { Scopes } from './scopes.ts';

/** What every loop of one watch draws on. */
export interface WatchParts {
  readonly options: ConsulOptions;
  readonly client: ConsulClient;
  readonly scopes: Scopes;
  readonly isHeld: (scope: string) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** While the guard holds a shrink: three equal reads over a minute let it through. */
const HELD_MS = 20_000;

/** The longest that a question may be held back about something whose shrink is held. */
export function waitFor({ options, isHeld }: WatchParts, scope: string): number {
  return isHeld(scope) ? Math.min(HELD_MS, options.wait) : options.wait;
}

/** One service, followed by a blocking query of its own. */
export class ServiceWatch {
  readonly #parts: WatchParts;
  readonly #service: string;
  readonly #query: BlockingQuery<readonly HealthEntry[]>;
  readonly #stop = new AbortController();

  constructor(service: string, parts: WatchParts) {
    this.#service = service;
    this.#parts = parts;
    const { client, scopes, clock, random } = parts;
    this.#query = new BlockingQuery({
      ask: (asking) => client.health(service, asking),
      isLess: (entries) => scopes.isLess(service, entries.length),
      isEmpty: (entries) => entries.length === 0,
      waitMs: () => waitFor(parts, scopes.nameOf(service)),
      clock,
      random,
    });
  }

  retryNow(): void {
    this.#query.retryNow();
  }

  restart(): void {
    this.#query.restart();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Until `signal` aborts or it is stopped. What arrives after that is told to nobody. */
  async run(signal: AbortSignal): Promise<void> {
    const { scopes, options } = this.#parts;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    while (!stop.aborted) {
      const { told, error, nextAttempt } = await this.#query.next(stop);
      if (stop.aborted) return;
      if (told !== undefined) {
        await scopes.tell(this.#service, instancesOf(told.value, options), { event: told.event });
      } else if (error !== undefined && nextAttempt !== undefined) {
        await scopes.fail(this.#service, error, nextAttempt);
        await this.#query.backOff(nextAttempt, stop);
      }
    }
  }
}
