import { InstanceIndex } from '../discovery/instances.ts';
import type { Source } from '../discovery/source.ts';

/**
 * A source's scopes come one by one and nothing says which is the last: quiet for this long is taken
 * for all. Longer than the 0.4 s for which a file source waits for a writer to finish.
 */
const QUIET_MS = 800;
const AT_MOST_MS = 5_000;

export interface Gathered {
  readonly index: InstanceIndex;
  /** What could not be read, in words. */
  readonly failures: readonly string[];
}

/** Everything a source can say right now. Ends its watch before it answers. */
export async function gather(
  source: Source,
  serviceLabel: string | undefined,
  signal: AbortSignal,
): Promise<Gathered> {
  const index = new InstanceIndex(serviceLabel);
  const failures: string[] = [];
  const end = new AbortController();
  const watching = source.watch(AbortSignal.any([signal, end.signal]));
  const limit = setTimeout(() => end.abort(), AT_MOST_MS);
  let quiet: NodeJS.Timeout | undefined;
  try {
    for await (const report of watching) {
      if (report.kind === 'complete') index.replace(report.scope, report.instances);
      else if (report.kind === 'failure') failures.push(report.error.message);
      clearTimeout(quiet);
      quiet = setTimeout(() => end.abort(), QUIET_MS);
    }
  } finally {
    clearTimeout(limit);
    clearTimeout(quiet);
  }
  return { index, failures };
}
