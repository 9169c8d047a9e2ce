import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ScopeReport } from '../discovery/source.ts';
import type { World } from '../fleet/world.ts';

/** A turn of the event loop may take this long; streams wait no longer than that. */
const SLICE_MS = 4;
/** Below this it is over before it is worth a pause. */
const FEW = 500;

/**
 * Takes the instances of a large report through relabelling in slices. What was taken once is
 * remembered for each object, so the report itself is then told at once.
 */
export async function prepareReport(world: World, source: string, report: ScopeReport): Promise<void> {
  if (report.kind !== 'complete' || report.instances.length < FEW) return;
  const intake = world.intake(source);
  if (intake === undefined) return;
  let began = performance.now();
  for (const instance of report.instances) {
    intake(instance);
    if (performance.now() - began < SLICE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
}
