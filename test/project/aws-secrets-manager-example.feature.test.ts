import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { certificateOf, derOf } from '../e2e/parts.ts';
import { startProxy } from '../e2e/proxy.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startMoto } from '../parts/moto.ts';
import { freePort } from '../parts/ports.ts';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { useTestCredentials } from '../secrets/aws-secrets-manager/aws-store.ts';
import { forParts, runStep, stepsOf } from './examples.ts';

const EXAMPLE = 'examples/aws-secrets-manager';

test('examples/aws-secrets-manager: Envoy serves what each documented command puts there', async () => {
  useTestCredentials();
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  const port = await freePort();
  const addresses = { ec2: moto.url };
  const text = await readFile(`${EXAMPLE}/aws-secrets-manager.yaml`, 'utf8');
  const workspace = await createWorkspace();
  await workspace.put('fleet.yaml', forParts(text, addresses).replace('port: 10443', `port: ${port}`));
  const replica = await startReplica(workspace);
  await startProxy({ xds: [replica.xdsPort] });
  const served = (host: string, pem: string): Promise<unknown> =>
    until(
      `the certificate of ${host}`,
      async () => (await certificateOf({ port, servername: host, ca: pem })) === derOf(pem),
      { timeoutMs: 90_000 },
    );
  const [pair = '', keys = '', bundle = '', rotation = '', ...more] = await stepsOf(`${EXAMPLE}/README.md`);
  expect(more).toEqual([]);
  const shop = await runStep(pair, addresses);
  await runStep(keys, addresses);
  const blog = await runStep(bundle, addresses);
  await served('shop.example.com', shop);
  await served('blog.example.com', blog);

  const steady = steadyRequests({
    url: `https://127.0.0.1:${port}/`,
    servername: 'blog.example.com',
    ca: blog,
    ratePerSecond: 50,
    freshConnections: true,
  });
  onTestFinished(async () => void (await steady.stop()));
  const rotated = await runStep(rotation, addresses);
  expect(derOf(rotated)).not.toBe(derOf(shop));
  await served('shop.example.com', rotated);
  const { ok, failed } = await steady.stop();
  expect([ok > 10, failed]).toEqual([true, 0]);
}, 240_000);
