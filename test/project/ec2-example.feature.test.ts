import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { useTestCredentials } from '../discovery/ec2/source.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startMoto } from '../parts/moto.ts';
import { until } from '../parts/until.ts';
import { forParts, runStep, stepsOf } from './examples.ts';

test('examples/ec2: the instances of each documented command become endpoints', async () => {
  useTestCredentials();
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  const workspace = await createWorkspace();
  const addresses = { ec2: moto.url };
  await workspace.put('ec2.yaml', forParts(await readFile('examples/ec2/ec2.yaml', 'utf8'), addresses));
  const replica = await startReplica(workspace);
  const steps = await stepsOf('examples/ec2/README.md');
  const expected = [1, 2, 1, 0];
  expect(steps).toHaveLength(expected.length);
  for (const [at, step] of steps.entries()) {
    await runStep(step, addresses);
    await until(
      `${expected[at]} instances after ${step}`,
      async () => {
        const [scope] = (await replica.status()).sources[0]?.scopes ?? [];
        return scope?.instances === expected[at];
      },
      { timeoutMs: 15_000 },
    );
  }
}, 120_000);
