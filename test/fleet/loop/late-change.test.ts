import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/model/config.ts';
import { complete, configOf, group, instances, listener, route, service, source } from '../fixtures.ts';
import { type LoopBench, loopBench } from './bench.ts';

const GROUPS = Array.from({ length: 1_000 }, (_, index) => `g${index}`);
const seed = 20_260;

test('FAULT4: a change that comes at any moment of a build is in the final snapshot, 1,000 times', async () => {
  const bench = loopBench();
  bench.loop.setConfig(configFor(GROUPS));
  bench.loop.start();
  const offsets = fc.sample(fc.array(offset, { minLength: 2, maxLength: 5 }), {
    seed,
    numRuns: GROUPS.length,
  });
  await Promise.all(GROUPS.map((name, index) => changeOf(bench, name, offsets[index] ?? [])));
  await bench.queue.idle();
  const late = GROUPS.filter((name, index) => {
    const last = offsets[index]?.length ?? 0;
    return bench.endpoints(name, name) !== `10.0.0.${last} HEALTHY`;
  });
  expect(late).toEqual([]);
  // The changes did fall into builds: more than one of each group on average.
  expect(bench.publications.length).toBeGreaterThan(GROUPS.length * 1.2);
  await bench.loop.close();
});

test('FAULT4: edits that come at any moment: the last one is what every group ends with', async () => {
  const few = GROUPS.slice(0, 20);
  const bench = loopBench();
  bench.loop.start();
  const offsets = fc.sample(offset, { seed, numRuns: 40 });
  for (const [edit, pause] of offsets.entries()) {
    bench.loop.setConfig(configFor(few, edit));
    await passes(pause);
  }
  await bench.queue.idle();
  for (const name of few) {
    expect(Buffer.from(bench.builder.find(name, 'routes', name)?.bytes ?? []).toString()).toBe(
      `s${offsets.length - 1}`,
    );
  }
  await bench.loop.close();
});

/** A moment later: the same turn, the next ones, or some milliseconds. */
type Offset = { readonly kind: 'same' | 'microtask' | 'turn' } | { readonly kind: 'ms'; readonly ms: number };
const offset: fc.Arbitrary<Offset> = fc.oneof(
  fc.constantFrom<Offset>({ kind: 'same' }, { kind: 'microtask' }, { kind: 'turn' }),
  fc.record({ kind: fc.constant('ms' as const), ms: fc.integer({ min: 0, max: 60 }) }),
);

async function changeOf(bench: LoopBench, name: string, offsets: readonly Offset[]): Promise<void> {
  for (const [index, pause] of offsets.entries()) {
    await passes(pause);
    bench.loop.report('dc', complete(name, instances(name, [index + 1]), 'stated'));
  }
}

async function passes(pause: Offset): Promise<void> {
  if (pause.kind === 'microtask') await Promise.resolve();
  if (pause.kind === 'turn') await turn();
  if (pause.kind === 'ms') await wait(pause.ms);
}

/** A group, a listener, a route and a service of each name; with `edit` the routes go to a service named for it. */
function configFor(names: readonly string[], edit?: number): Config {
  const target = (name: string): string => (edit === undefined ? name : `s${edit}`);
  const services = [...new Set(names.map(target))];
  return configOf({
    sources: [source('dc')],
    services: services.map((name) => service(name, ['dc'])),
    listeners: names.map((name) => listener(name)),
    httpRoutes: names.map((name) => route(name, [name], [target(name)])),
    groups: names.map((name) => group(name, [name])),
  });
}
