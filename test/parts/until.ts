export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** Why it can never come true any more: waiting ends at once with this. */
  readonly hopeless?: () => Error | undefined;
}

/**
 * Asks `probe` until it gives something other than `undefined` or `false`, and gives that. A throw
 * counts as "not yet"; when the time is over the last one is the cause. This is how tests wait.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 10, hopeless = () => undefined }: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    const reason = hopeless();
    if (reason !== undefined) throw reason;
    try {
      const answer = await probe();
      if (isSettled(answer)) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) throw new Error(`waited ${timeoutMs} ms for: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function isSettled<T>(answer: T): answer is Exclude<T, undefined | false> {
  return answer !== undefined && answer !== false;
}
