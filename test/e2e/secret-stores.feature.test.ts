import { expect, onTestFinished, test } from 'vitest';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { configureAll, HOSTS, KEYS, pkiCa, replace, type Stored, startStores } from './all-stores.ts';
import { certificateOf } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

const STORED: readonly Stored[] = ['vault', 'aws', 'file'];
type Certificates = Readonly<Record<Stored, string>>;

async function stateOf(replica: TestReplica, name: string): Promise<string | undefined> {
  const { secrets } = await replica.status();
  return secrets.find((one) => one.name === name)?.state;
}

async function ofEach(make: (store: Stored) => Promise<string>): Promise<Certificates> {
  return { vault: await make('vault'), aws: await make('aws'), file: await make('file') };
}

test('FAULT7: certificates out of Vault, its PKI, Secrets Manager and files are rotated in place, and outlive every store', async () => {
  const workspace = await createWorkspace();
  const stores = await startStores(workspace);
  const { bao, moto, files, ca } = stores;
  const first = await ofEach(stores.rotate);
  const { https, keys } = await configureAll(workspace, stores);
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const shown = (name: keyof typeof HOSTS, authority = ca.certificate) =>
    certificateOf({ port: https, servername: HOSTS[name], ca: authority });
  const untilShown = async (wanted: Certificates): Promise<void> => {
    for (const name of STORED) {
      const served = async () => (await shown(name)) === wanted[name];
      await until(`the certificate out of ${name}`, served, { timeoutMs: 60_000 });
    }
  };
  await untilShown(first);
  const authority = await pkiCa(bao);
  const issued = await until('the issued certificate', () => shown('issued', authority));
  const url = `https://127.0.0.1:${https}/`;
  const tls = { servername: HOSTS.vault, ca: ca.certificate };
  const load = steadyRequests({ url, ...tls, ratePerSecond: 20, freshConnections: true });
  onTestFinished(async () => void (await load.stop()));

  const rotated = await ofEach(stores.rotate);
  await untilShown(rotated);

  // Every store fails: sealed, its credentials wrong, its file no key.
  await bao.seal();
  await replace(keys, JSON.stringify({ accessKeyId: 'AKIAWRONG', secretAccessKey: 'wrong' }));
  await moto.checkCredentialsAfter(0);
  await replace(files.privateKey, 'not a key');
  for (const name of STORED) {
    const fails = async () => (await stateOf(replica, name)) === 'failing';
    await until(`${name} to fail`, fails, { timeoutMs: 30_000 });
  }
  for (const name of STORED) expect(await shown(name), name).toBe(rotated[name]);
  expect(await shown('issued', authority), 'kept until two thirds of its life').toBe(issued);
  const before = load.counts().ok;
  await until('more requests', () => load.counts().ok > before + 20);

  // They come back, each with something newer.
  await bao.unseal();
  const isBack = async () => (await stateOf(replica, 'vault')) === 'ok';
  await until('Vault to be read within 10 s', isBack, { timeoutMs: 10_000 });
  await moto.checkCredentialsAfter(1_000_000);
  await replace(keys, JSON.stringify(KEYS));
  await untilShown(await ofEach(stores.rotate));
  expect(await load.stop()).toMatchObject({ failed: 0 });
}, 180_000);
