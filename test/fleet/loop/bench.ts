import type { Publication } from '../../../src/fleet/build.ts';
import { Builder } from '../../../src/fleet/build.ts';
import { FleetLoop } from '../../../src/fleet/loop.ts';
import { createMemoryQueue } from '../../../src/fleet/queue/memory.ts';
import type { ChangeQueue } from '../../../src/fleet/queue/queue.ts';
import { createMemoryState } from '../../../src/fleet/state/memory.ts';
import type { FleetState, SnapshotRecord } from '../../../src/fleet/state/state.ts';
import { World } from '../../../src/fleet/world.ts';
import { type FakeTranslation, fakeTranslation } from '../build/fake-translation.ts';
import { sourceKinds } from '../fixtures.ts';

export interface LoopBench {
  readonly loop: FleetLoop;
  readonly queue: ChangeQueue;
  readonly builder: Builder;
  readonly world: World;
  readonly fake: FakeTranslation;
  readonly publications: readonly Publication[];
  /** What the loop told the state, in order; snapshots are read at once. */
  readonly saved: readonly string[];
  readonly snapshots: readonly SnapshotRecord[];
  readonly failures: readonly string[];
  readonly built: readonly string[];
  settled: boolean;
  /** Added to the real clock. */
  skewMs: number;
  /** The endpoints that a group was last given of a service, as the fake translation prints them. */
  endpoints(group: string, service: string): string;
}

/** A loop over the memory queue and a fake translation. */
export function loopBench(): LoopBench {
  const fake = fakeTranslation();
  const world = new World();
  const publications: Publication[] = [];
  const { state, saved, snapshots } = recordingState();
  const failures: string[] = [];
  const built: string[] = [];
  const publish = (publication: Publication): void => void publications.push(publication);
  const builder = new Builder({
    world,
    translation: fake,
    publish,
    nextRevision: () => state.nextRevision(),
  });
  const queue = createMemoryQueue({
    backoffMs: 5,
    onFailure: (group, error) => failures.push(`${group}: ${error}`),
  });
  const loop = new FleetLoop({
    world,
    builder,
    queue,
    state,
    sourceKinds,
    isSettled: () => bench.settled,
    onBuilt: (group, outcome) => built.push(`${group} ${outcome.kind}`),
    now: () => Date.now() + bench.skewMs,
  });
  const bench: LoopBench = {
    ...{ loop, queue, builder, world, fake, publications, saved, snapshots, failures, built },
    settled: true,
    skewMs: 0,
    endpoints: (group, service) =>
      Buffer.from(builder.find(group, 'endpoints', service)?.bytes ?? []).toString(),
  };
  return bench;
}

function recordingState(): { state: FleetState; saved: string[]; snapshots: SnapshotRecord[] } {
  const saved: string[] = [];
  const snapshots: SnapshotRecord[] = [];
  const state: FleetState = {
    ...createMemoryState(),
    saveScope: ({ source, scope, instances }) => saved.push(`scope ${source} ${scope} ${instances.length}`),
    saveSnapshot: (group, read) => {
      saved.push(`snapshot ${group}`);
      snapshots.push(read());
    },
    forgetScope: (source, scope) => saved.push(`forget scope ${source} ${scope}`),
    forgetSnapshot: (group) => saved.push(`forget snapshot ${group}`),
  };
  return { state, saved, snapshots };
}
