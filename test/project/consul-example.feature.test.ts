import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startConsul } from '../parts/consul.ts';
import { until } from '../parts/until.ts';
import { commandsOf } from './doc-commands.ts';

const README = 'examples/consul/README.md';
const ADDRESS = 'http://127.0.0.1:8500';

function run(command: string, address: string): Promise<void> {
  const text = command.replaceAll(ADDRESS, address).replace('curl', 'curl --fail --silent --show-error');
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', text], (error) => (error === null ? resolve() : reject(error)));
  });
}

test('examples/consul: each documented command becomes what the README says', async () => {
  const consul = await startConsul();
  onTestFinished(() => consul.stop());
  const workspace = await createWorkspace();
  const config = await readFile('examples/consul/consul.yaml', 'utf8');
  expect(config).toContain(ADDRESS);
  await workspace.put('consul.yaml', config.replace(ADDRESS, consul.http));
  const replica = await startReplica(workspace);
  const endpoints = async (service: string): Promise<string> => {
    const { resources } = await replica.snapshot('edge');
    const found = resources.find(
      ({ type, name }) => type.endsWith('ClusterLoadAssignment') && name === service,
    );
    const text = JSON.stringify(found?.resource ?? {});
    return [...text.matchAll(/"portValue":(\d+)|"healthStatus":"(\w+)"/g)]
      .map(([, port, health]) => port ?? health)
      .join(' ');
  };
  const problems = async () =>
    (await replica.status()).groups[0]?.problems.map(({ message }) => message).join('\n');
  await until('the warning', async () => (await problems())?.includes('has no service "cart" yet'));
  const steps = commandsOf(await readFile(README, 'utf8'), README)
    .map(({ text }) => text)
    .filter((text) => text.startsWith('curl'));
  const expected = [
    ['web', '9000 HEALTHY'],
    ['web', '9000 HEALTHY 9001 HEALTHY'],
    ['web', '9000 DRAINING 9001 HEALTHY'],
    ['web', '9001 HEALTHY'],
    ['consul-cart', '9000 HEALTHY'],
  ] as const;
  expect(steps).toHaveLength(expected.length);
  for (const [at, [service, wanted]] of expected.entries()) {
    await run(steps[at] ?? '', consul.http);
    await until(`${service} to be ${wanted}`, async () => (await endpoints(service)) === wanted);
  }
  await until('no warning', async () => (await problems()) === '');
});
