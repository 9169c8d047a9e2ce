import type { Clock } from '../../clock.ts';
import { addressRefusal } from '../admit.ts';
import { Poller } from '../poll.ts';
import type { AddressType, NameResolver } from '../resolve.ts';

/** Names are asked for again this often, or as soon as their records end, but not before 5 s. */
const REFRESH_MS = 30_000;
const LEAST_MS = 5000;
const TYPES: readonly AddressType[] = ['A', 'AAAA'];

export interface NameState {
  /** The last good answer, sorted; undefined while there was none. */
  readonly addresses: readonly string[] | undefined;
  /** Why the newest look failed; undefined where it did not. */
  readonly error: Error | undefined;
}

interface Options {
  readonly resolver: NameResolver;
  /** An answer is another one than before. */
  readonly changed: () => void;
  readonly deadlineMs: number;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

interface Followed {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Names that are resolved again and again, each on its own clock; one that fails keeps its last good answer. */
export class WatchedNames {
  readonly #options: Options;
  readonly #states = new Map<string, NameState>();
  readonly #followed = new Map<string, Followed>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Undefined until it was answered once, well or not. */
  state(name: string): NameState | undefined {
    return this.#states.get(name);
  }

  /** Exactly these from now on. */
  follow(names: ReadonlySet<string>): void {
    for (const name of this.#followed.keys()) if (!names.has(name)) this.#drop(name);
    for (const name of names) {
      if (this.#followed.has(name)) continue;
      const stop = new AbortController();
      this.#followed.set(name, { stop, done: this.#run(name, stop.signal) });
    }
  }

  async close(): Promise<void> {
    this.follow(new Set());
    await Promise.all(this.#ending);
  }

  #drop(name: string): void {
    const followed = this.#followed.get(name);
    if (followed === undefined) return;
    this.#followed.delete(name);
    this.#states.delete(name);
    followed.stop.abort();
    const ended = followed.done.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  async #run(name: string, signal: AbortSignal): Promise<void> {
    const { resolver, deadlineMs, clock, random } = this.#options;
    const poller = new Poller({
      refresh: async (stop) => judged(name, await resolver.addresses(name, TYPES, stop)),
      intervalMs: REFRESH_MS,
      deadlineMs,
      again: ({ ttlMs }) =>
        ttlMs !== undefined && ttlMs < REFRESH_MS ? Math.max(LEAST_MS, ttlMs) : undefined,
      clock,
      random,
    });
    for await (const result of poller.results(signal)) {
      const before = this.#states.get(name);
      const after: NameState =
        result.kind === 'value'
          ? { addresses: result.value.addresses, error: undefined }
          : { addresses: before?.addresses, error: result.error };
      this.#states.set(name, after);
      if (!isSame(before, after)) this.#options.changed();
    }
  }
}

/**
 * The user wrote a name, not what it leads to: whoever answers for it must not lead the proxies to
 * themselves or to a cloud's metadata service (BAD9).
 */
function judged<Answer extends { readonly addresses: readonly string[] }>(
  name: string,
  answer: Answer,
): Answer {
  for (const address of answer.addresses) {
    const fault = addressRefusal(address, new Set());
    if (fault !== undefined) throw new Error(`${name}: ${fault}; write that address itself if it is meant`);
  }
  return answer;
}

function isSame(before: NameState | undefined, after: NameState): boolean {
  return (
    before !== undefined &&
    before.error?.message === after.error?.message &&
    before.addresses?.join() === after.addresses?.join()
  );
}
