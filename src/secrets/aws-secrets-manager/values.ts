import type { Clock } from '../../clock.ts';
import type { BatchResult, SecretsCalls, SecretValue } from './calls.ts';
import { ApiFault } from './fault.ts';
import { DENIED_MS, GATHER_MS } from './pace.ts';
import { untilAborted } from './until-aborted.ts';

const BATCH_SIZE = 20;
const CURRENT = 'AWSCURRENT';

interface Asked {
  readonly result: PromiseWithResolvers<BatchResult>;
  waiting: number;
}

/** Fetches values: under AWSCURRENT many in one call, else one by one. */
export class Values {
  readonly #calls: SecretsCalls;
  readonly #clock: Clock;
  readonly #life = new AbortController();
  #asked = new Map<string, Asked>();
  #cancelTimer: (() => void) | undefined;
  #deniedUntil = Number.NEGATIVE_INFINITY;

  constructor(calls: SecretsCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  /** The value under a stage; `version` is the one that is expected there. */
  async fetch(id: string, stage: string, version: string, signal: AbortSignal): Promise<SecretValue> {
    if (stage !== CURRENT || this.#clock.now() < this.#deniedUntil)
      return this.#calls.value(id, stage, signal);
    const result = await this.#batched(id, signal);
    // A batch that did not answer for this one, or answered with another version, is not the last word.
    if (result instanceof Error ? mayDiffer(result) : result.versionId !== version)
      return this.#calls.value(id, stage, signal);
    if (result instanceof Error) throw result;
    return result;
  }

  close(): void {
    this.#life.abort(new Error('the store is closed'));
    this.#cancelTimer?.();
  }

  async #batched(id: string, signal: AbortSignal): Promise<BatchResult> {
    const asked = this.#asked.get(id) ?? { result: Promise.withResolvers<BatchResult>(), waiting: 0 };
    this.#asked.set(id, asked);
    this.#cancelTimer ??= this.#clock.after(GATHER_MS, () => this.#fetchAll());
    asked.waiting += 1;
    try {
      return await untilAborted(asked.result.promise, signal);
    } finally {
      asked.waiting -= 1;
    }
  }

  #fetchAll(): void {
    this.#cancelTimer = undefined;
    const wanted = [...this.#asked].filter(([, { waiting }]) => waiting > 0);
    this.#asked = new Map();
    for (let at = 0; at < wanted.length; at += BATCH_SIZE)
      void this.#fetchBatch(wanted.slice(at, at + BATCH_SIZE));
  }

  /** Never rejects: whoever waits gets what went wrong. */
  async #fetchBatch(wanted: readonly (readonly [string, Asked])[]): Promise<void> {
    try {
      const ids = wanted.map(([id]) => id);
      const results = await this.#calls.batch(ids, this.#life.signal);
      for (const [id, { result }] of wanted) result.resolve(results.get(id) ?? UNANSWERED);
    } catch (error) {
      if (error instanceof ApiFault && error.kind === 'forbidden')
        this.#deniedUntil = this.#clock.now() + DENIED_MS;
      const fault = error instanceof Error ? error : new Error(String(error));
      for (const [, { result }] of wanted) result.resolve(fault);
    }
  }
}

const UNANSWERED = new ApiFault('unanswered', 'the batch says nothing of it');

/** Asked alone the API may well give it, or say better why not. */
function mayDiffer(error: Error): boolean {
  return error instanceof ApiFault && ['forbidden', 'unanswered', 'other', 'strange'].includes(error.kind);
}
