import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { WorkerHost } from '../../../src/discovery/ec2/host.ts';
import { until } from '../../parts/until.ts';
import { isComplete, isFailure, watchSource } from '../suite.ts';
import { sourceOn } from './in-process.ts';
import { type Ec2Proxy, instancesPage, reservation, startEc2Proxy } from './proxy.ts';
import { idsIn, useTestCredentials, watchEc2 } from './source.ts';

let ec2: Ec2Proxy;
beforeAll(async () => {
  useTestCredentials();
  ec2 = await startEc2Proxy();
});
afterAll(() => ec2?.stop());
beforeEach(() => {
  ec2.calls.length = 0;
  ec2.answer = () => ONE;
});

const ONE = instancesPage(reservation({ id: 'i-1', address: '10.0.0.1' }));

test('cancelled in the middle of a call it ends within 1 s', async () => {
  ec2.answer = () => 'hang';
  const watching = watchEc2(ec2.url);
  await until('a call', () => ec2.calls.length > 0);
  const started = performance.now();
  await watching.stop();
  expect(performance.now() - started).toBeLessThan(1_000);
});

test('SRC5: the thread dies: a failure is told, another is started, and the list is whole', async () => {
  const marker = join(await mkdtemp(join(tmpdir(), 'muster-ec2-')), 'crashed');
  onTestFinished(() => rm(dirname(marker), { recursive: true }));
  const crashing = new URL('./crashing-worker.ts', import.meta.url);
  process.env['MUSTER_TEST_MARKER'] = marker;
  const host = new WorkerHost(crashing);
  const watching = watchSource(sourceOn(host, { endpoint: ec2.url, interval: '5s' }, {}));
  onTestFinished(() => watching.stop());
  const { error } = await watching.next(isFailure);
  expect(error.message).toContain('started again');
  expect(idsIn(await watching.next(isComplete))).toEqual(['i-1']);
});
