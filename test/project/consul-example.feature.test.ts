import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startConsul } from '../parts/consul.ts';
import { until } from '../parts/until.ts';
import { endpointsOf, forParts, runStep, stepsOf } from './examples.ts';

test('examples/consul: each documented command becomes what the README says', async () => {
  const consul = await startConsul();
  onTestFinished(() => consul.stop());
  const workspace = await createWorkspace();
  const addresses = { consul: consul.http };
  await workspace.put(
    'consul.yaml',
    forParts(await readFile('examples/consul/consul.yaml', 'utf8'), addresses),
  );
  const replica = await startReplica(workspace);
  const problems = async () =>
    (await replica.status()).groups[0]?.problems.map(({ message }) => message).join('\n');
  await until('the warning', async () => (await problems())?.includes('has no service "cart" yet'));
  const steps = await stepsOf('examples/consul/README.md');
  const expected = [
    ['web', '9000 HEALTHY'],
    ['web', '9000 HEALTHY 9001 HEALTHY'],
    ['web', '9000 DRAINING 9001 HEALTHY'],
    ['web', '9001 HEALTHY'],
    ['consul-cart', '9000 HEALTHY'],
  ] as const;
  expect(steps).toHaveLength(expected.length);
  for (const [at, [service, wanted]] of expected.entries()) {
    await runStep(steps[at] ?? '', addresses);
    await until(`${service} to be ${wanted}`, async () => (await endpointsOf(replica, service)) === wanted);
  }
  await until('no warning', async () => (await problems()) === '');
});
