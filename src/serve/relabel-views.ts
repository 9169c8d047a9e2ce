import { setImmediate as breathe } from 'node:timers/promises';
import type { Looked, RelabelRequest } from '../api/ports.ts';
import type { RelabelView } from '../api/relabel-view.ts';
import { type RelabelPrefix, relabelPrefixes } from '../discovery/relabel-preview.ts';
import { relabelTally } from '../offline/relabel-tally.ts';
import { type SourceParts, unknownSource } from './source-views.ts';

/** How long the streams wait for it at a time, and how long the whole may take. */
const SLICE_MS = 4;
const AT_MOST_MS = 5_000;

/** What rules would do to all that a source sees now; nothing is changed by it. */
export async function relabelOf(
  parts: SourceParts,
  { source, rules, limit }: RelabelRequest,
  signal: AbortSignal,
): Promise<Looked<RelabelView>> {
  if (parts.config?.sources.has(source) !== true) return { unknown: unknownSource(parts, source) };
  const pause = slices(signal);
  const prefixes: RelabelPrefix[] = [];
  for (const prefix of relabelPrefixes(rules)) {
    prefixes.push(prefix);
    await pause();
  }
  const all = [...parts.world.seen(source)];
  const tally = relabelTally(prefixes, limit);
  for (const [index, { scope, seen }] of all.entries()) {
    tally.add(scope, seen);
    if (await pause()) return { found: tally.view(source, all.length - index - 1) };
  }
  return { found: tally.view(source, 0) };
}

/** Lets others run when a slice is used up; answers whether it is time to end. */
function slices(signal: AbortSignal): () => Promise<boolean> | boolean {
  const ends = performance.now() + AT_MOST_MS;
  let began = performance.now();
  return () => {
    if (performance.now() - began < SLICE_MS) return false;
    return breathe().then(() => {
      began = performance.now();
      return signal.aborted || began > ends;
    });
  };
}
