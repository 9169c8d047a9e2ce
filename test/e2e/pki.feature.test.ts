import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runInProcess } from '../cli/in-process.ts';
import { startEnvoy } from '../parts/envoy.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { startReplica } from './replica.ts';
import { IN_TIME } from './served-node.ts';
import { startSourced } from './sourced.ts';
import { replaceFile } from './two-groups.ts';
import { createWorkspace } from './workspace.ts';

async function run(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await runInProcess(...args);
  expect(code, err).toBe(0);
  return out;
}

test('P12: a real Envoy joins with certificates that muster pki made; revoked, it is out and serves on', async () => {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  await sourced.write([sourced.ports[0]]);
  const url = `http://127.0.0.1:${sourced.http}/`;
  const dir = join(workspace.dir, 'pki');
  await run('pki', 'init', '--trust-domain', 'example.org', '--dir', dir);
  await run('pki', 'issue', '--dir', dir, '--server', 'localhost', '--ip', '127.0.0.1');
  await run('pki', 'issue', '--dir', dir, '--group', 'edge', '--node', 'n1');
  const own = join(dir, 'servers', 'localhost', 'server');
  const nodeTls = { certificate: `${own}.pem`, privateKey: `${own}.key`, ca: join(dir, 'ca.pem') };
  const nodeDenylist = join(workspace.dir, 'denied');
  await writeFile(nodeDenylist, '');
  const settings = { nodeTls, trustDomain: 'example.org', nodeDenylist };
  const replica = await startReplica(workspace, { settings });
  const node = join(dir, 'nodes', 'edge', 'n1', 'node');
  const tls = ['--mtls-cert', `${node}.pem`, '--mtls-key', `${node}.key`, '--mtls-ca', join(dir, 'ca.pem')];
  const who = ['--group', 'edge', '--node-id', 'n1', '--xds', `127.0.0.1:${replica.xdsPort}`];
  const bootstrap: object = JSON.parse(await run('bootstrap', ...who, ...tls, '-o', 'json'));
  const envoy = await startEnvoy({ bootstrap });
  onTestFinished(() => envoy.stop());
  await envoy.ready();
  expect((await replica.nodes()).nodes).toMatchObject([{ id: 'n1', group: 'edge' }]);
  await until('traffic', async () => (await requestOnce({ url })).status === 200);
  await replaceFile(nodeDenylist, 'spiffe://example.org/group/edge/node/n1\n');
  await until('the node to be out', async () => (await replica.nodes()).nodes.length === 0, IN_TIME);
  await until('a refused attempt', () => replica.log().includes('"reason":"revoked"'));
  expect((await requestOnce({ url })).status).toBe(200);
  await replaceFile(nodeDenylist, '');
  await until('it to be back', async () => (await replica.nodes()).nodes.length === 1, { timeoutMs: 30_000 });
});
