import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { useTestCredentials } from '../discovery/ec2/source.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startMoto } from '../parts/moto.ts';
import { until } from '../parts/until.ts';
import { commandsOf } from './doc-commands.ts';

const README = 'examples/ec2/README.md';

function run(command: string, endpoint: string): Promise<string> {
  const [, ...args] = command.split(' ');
  const env = { ...process.env, AWS_ENDPOINT_URL_EC2: endpoint };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

test('examples/ec2: the instances of each documented command become endpoints', async () => {
  useTestCredentials();
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  const workspace = await createWorkspace();
  const config = await readFile('examples/ec2/ec2.yaml', 'utf8');
  expect(config).toContain('endpoint: http://127.0.0.1:5000');
  await workspace.put('ec2.yaml', config.replace('http://127.0.0.1:5000', moto.url));
  const replica = await startReplica(workspace);
  const commands = commandsOf(await readFile(README, 'utf8'), README).map(({ text }) => text);
  const steps = commands.filter((text) => text.startsWith('node examples/ec2/'));
  const expected = [1, 2, 1, 0];
  expect(steps).toHaveLength(expected.length);
  for (const [at, step] of steps.entries()) {
    await run(step, moto.url);
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
