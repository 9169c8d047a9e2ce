import { expect, test } from 'vitest';
import { Recovery } from '../../../src/secrets/vault/recovery.ts';
import { manualClock } from '../../discovery/manual-clock.ts';

function rig() {
  const clock = manualClock();
  const life = new AbortController();
  let isDown = true;
  let probes = 0;
  const probe = async (): Promise<void> => {
    probes += 1;
    if (isDown) throw new Error('sealed');
  };
  const recovery = new Recovery({ probe, clock, life: life.signal });
  const told: string[] = [];
  const watch = (key: string, signal = new AbortController().signal) =>
    recovery.watch(key, () => told.push(key), signal);
  const mend = () => {
    isDown = false;
  };
  return { clock, life, recovery, told, watch, mend, probes: () => probes };
}

test('one look every 5 s while it is down, then those that were lost are told, once', async () => {
  const { clock, recovery, told, watch, mend, probes } = rig();
  for (const key of ['a', 'b', 'c']) watch(key);
  recovery.lost('a');
  recovery.lost('b');
  await clock.advance(60_000);
  expect([probes(), told]).toEqual([12, []]);
  mend();
  await clock.advance(5_000);
  expect(told).toEqual(['a', 'b']);
  await clock.advance(60_000);
  expect([probes(), told, clock.pending]).toEqual([13, ['a', 'b'], 0]);
});

test('nobody is told after the cancel, and nothing is looked at after the end', async () => {
  const { clock, life, recovery, told, watch, mend, probes } = rig();
  const gone = new AbortController();
  watch('a', gone.signal);
  watch('b');
  recovery.lost('a');
  recovery.lost('b');
  gone.abort();
  mend();
  await clock.advance(5_000);
  expect(told).toEqual(['b']);
  recovery.lost('b');
  life.abort();
  recovery.lost('b');
  await clock.advance(60_000);
  expect([probes(), clock.pending]).toEqual([1, 0]);
});
