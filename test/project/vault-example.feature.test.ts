import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { secretsView } from '../../src/api/secret-views.ts';
import { certificateOf, derOf } from '../e2e/parts.ts';
import { startProxy } from '../e2e/proxy.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace } from '../e2e/workspace.ts';
import { startOpenBao } from '../parts/openbao.ts';
import { freePort } from '../parts/ports.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { forParts, runStep, stepsOf } from './examples.ts';

const EXAMPLE = 'examples/vault';

test('examples/vault: Envoy serves what was put into KV and what was issued; what was issued is given back', async () => {
  const bao = await startOpenBao();
  onTestFinished(() => bao.stop());
  const port = await freePort();
  const workspace = await createWorkspace();
  const addresses = { vault: { url: bao.url, token: bao.rootToken } };
  const text = forParts(await readFile(`${EXAMPLE}/vault.yaml`, 'utf8'), addresses);
  const [login = '', pair = '', rotation = '', ...more] = await stepsOf(`${EXAMPLE}/README.md`);
  expect(more).toEqual([]);
  await runStep(login.replace(/ examples\/vault$/, ` ${workspace.config}`), addresses);
  const first = await runStep(pair, addresses);
  await workspace.put('vault.yaml', text.replace('port: 10443', `port: ${port}`));
  const replica = await startReplica(workspace);
  await startProxy({ xds: [replica.xdsPort] });
  const shown = (servername: string, ca: string) => certificateOf({ port, servername, ca });
  await until('the pair of KV', async () => (await shown('shop.example.com', first)) === derOf(first));
  const root = await (await fetch(`${bao.url}/v1/pki/ca/pem`)).text();
  const issued = await until('the issued certificate', () => shown('blog.example.com', root));
  const rotated = await runStep(rotation, addresses);
  await until('the next pair', async () => (await shown('shop.example.com', rotated)) === derOf(rotated));
  expect(await shown('blog.example.com', root)).toBe(issued);

  const { body } = await requestOnce({ url: `${replica.api}/v1/secrets` });
  const { secrets } = secretsView.parse(JSON.parse(body));
  expect(secrets.map(({ name, state, nodes }) => [name, state, nodes])).toEqual([
    ['blog-tls', 'ok', 1],
    ['shop-tls', 'ok', 1],
  ]);
  expect(secrets.find(({ name }) => name === 'shop-tls')?.version).toMatch(/^2@/);
  const serial = secrets.find(({ name }) => name === 'blog-tls')?.version ?? 'none';
  const revoked = async () => JSON.stringify(await bao.call('GET', `pki/cert/${serial}`));
  expect(await revoked()).toContain('"revocation_time":0');
  await replica.stop();
  expect(await revoked()).not.toContain('"revocation_time":0');
}, 120_000);
