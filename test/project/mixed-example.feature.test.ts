import { cp, readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { useTestCredentials } from '../discovery/ec2/source.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startConsul } from '../parts/consul.ts';
import { startMoto } from '../parts/moto.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { endpointsOf, forParts, runStep, stepsOf } from './examples.ts';

test('examples/mixed: three sources make one service, by priority, and explain says which is from where', async () => {
  useTestCredentials();
  const [consul, moto] = [await startConsul(), await startMoto()];
  onTestFinished(async () => void (await Promise.all([consul.stop(), moto.stop()])));
  const workspace = await createWorkspace();
  const addresses = { consul: consul.http, ec2: moto.url };
  await cp('examples/mixed/legacy', workspace.path('legacy'), { recursive: true });
  await workspace.put('mixed.yaml', forParts(await readFile('examples/mixed/mixed.yaml', 'utf8'), addresses));
  const replica = await startReplica(workspace);
  const steps = await stepsOf('examples/mixed/README.md');
  const expected = ['9000 HEALTHY 9001 HEALTHY', '9000 HEALTHY 8080 HEALTHY 9001 HEALTHY'];
  expect(steps).toHaveLength(expected.length);
  await until('the list', async () => (await endpointsOf(replica, 'web')) === '9001 HEALTHY');
  for (const [at, wanted] of expected.entries()) {
    await runStep(steps[at] ?? '', addresses);
    await until(`the endpoints ${wanted}`, async () => (await endpointsOf(replica, 'web')) === wanted, {
      timeoutMs: 20_000,
    });
  }
  const { body } = await requestOnce({ url: `${replica.api}/v1/explain/service/web` });
  for (const source of ['dc', 'vms', 'legacy']) expect(body).toContain(`"source":"${source}"`);
}, 120_000);
