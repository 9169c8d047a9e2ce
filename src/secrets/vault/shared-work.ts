/**
 * Work that all who ask for it at the same time share. One who gives up leaves the others with it;
 * when the last one has, or `life` ends, the work is aborted.
 */
export class SharedWork<Result> {
  readonly #life: AbortSignal;
  readonly #running = new Map<string, Running<Result>>();

  constructor(life: AbortSignal) {
    this.#life = life;
  }

  async run(
    key: string,
    work: (signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    signal.throwIfAborted();
    const running = this.#running.get(key) ?? this.#start(key, work);
    running.users += 1;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([running.result, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      running.users -= 1;
      if (running.users === 0) this.#end(key, running);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Result>): Running<Result> {
    const stop = new AbortController();
    const result = work(AbortSignal.any([stop.signal, this.#life]));
    const running: Running<Result> = { result, stop, users: 0 };
    this.#running.set(key, running);
    const done = () => this.#forget(key, running);
    result.then(done, done);
    return running;
  }

  #end(key: string, running: Running<Result>): void {
    const isDone = this.#running.get(key) !== running;
    if (isDone) return;
    this.#forget(key, running);
    running.stop.abort();
  }

  #forget(key: string, running: Running<Result>): void {
    if (this.#running.get(key) === running) this.#running.delete(key);
  }
}

interface Running<Result> {
  readonly result: Promise<Result>;
  readonly stop: AbortController;
  users: number;
}
