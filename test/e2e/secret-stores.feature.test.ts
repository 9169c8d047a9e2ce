import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import { startMoto } from '../parts/moto.ts';
import { startOpenBao } from '../parts/openbao.ts';
import { freePort } from '../parts/ports.ts';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { makeCa, makeCertificate } from '../secrets/certificates.ts';
import { certificateOf, derOf, echo, pairOnDisk } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const REGION = 'eu-west-1';
const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' };
const HOSTS = {
  vault: 'vault.example.com',
  issued: 'issued.example.com',
  aws: 'aws.example.com',
  file: 'file.example.com',
};
type Name = keyof typeof HOSTS;

/** One Envoy that serves a certificate out of each store, and a way to rotate each of them. */
async function startAll(workspace: Workspace) {
  const [bao, moto, ca] = await Promise.all([startOpenBao(), startMoto(), makeCa()]);
  const client = new SecretsManagerClient({ region: REGION, endpoint: moto.url, credentials: KEYS });
  onTestFinished(async () => {
    client.destroy();
    await Promise.all([bao.stop(), moto.stop()]);
  });
  const pair = (name: Name) => makeCertificate({ issuer: ca, names: [HOSTS[name]] });
  await preparePki(bao, HOSTS.issued);
  const toVault = async () => {
    const { chain, privateKey } = await pair('vault');
    await bao.call('POST', 'secret/data/shop', { data: { fullchain: chain, key: privateKey } });
    return derOf(chain);
  };
  const toAws = async (first = false) => {
    const { chain, privateKey } = await pair('aws');
    const SecretString = JSON.stringify({ fullchain: chain, key: privateKey });
    if (first) await client.send(new CreateSecretCommand({ Name: 'shop/tls', SecretString }));
    else await client.send(new PutSecretValueCommand({ SecretId: 'shop/tls', SecretString }));
    return derOf(chain);
  };
  const files = await pairOnDisk(workspace.dir, 'file', [HOSTS.file]);
  const first = { vault: await toVault(), aws: await toAws(true), file: derOf((await files.rotate()).chain) };
  const https = await freePort();
  const token = join(workspace.dir, 'token');
  const keys = join(workspace.dir, 'keys');
  await replace(token, bao.rootToken);
  await replace(keys, JSON.stringify(KEYS));
  const upstream = await echo({ name: 'one' });
  await workspace.putConfig({
    secretStores: {
      vault: { vault: { address: bao.url, auth: { token: { secret: 'vault-token' } }, interval: '1s' } },
      aws: {
        awsSecretsManager: {
          region: REGION,
          endpoint: moto.url,
          keys: { secret: 'aws-keys' },
          interval: '5s',
        },
      },
    },
    secrets: {
      'vault-token': { value: { path: token } },
      'aws-keys': { value: { path: keys } },
      vault: {
        tls: { store: 'vault', mount: 'secret', path: 'shop', certificate: 'fullchain', privateKey: 'key' },
      },
      issued: {
        tls: { store: 'vault', pki: { mount: 'pki', role: 'web', commonName: HOSTS.issued, ttl: '1h' } },
      },
      aws: { tls: { store: 'aws', name: 'shop/tls', certificate: 'fullchain', privateKey: 'key' } },
      file: { tls: { certificate: files.certificate, privateKey: files.privateKey } },
    },
    services: { web: { endpoints: [`127.0.0.1:${upstream.port}`] } },
    listeners: {
      secure: {
        port: https,
        address: '127.0.0.1',
        protocol: 'HTTPS',
        tls: {
          certificates: Object.entries(HOSTS).map(([secret, hostname]) => ({
            secret,
            hostnames: [hostname],
          })),
        },
      },
    },
    httpRoutes: { all: { listeners: ['secure'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['secure'] } },
  });
  return { bao, moto, client, ca, files, first, https, token, keys, toVault, toAws };
}

type Bao = Awaited<ReturnType<typeof startOpenBao>>;

async function preparePki(bao: Bao, domain: string): Promise<void> {
  await bao.call('POST', 'sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  await bao.call('POST', 'pki/root/generate/internal', { common_name: 'root of the test', ttl: '8760h' });
  await bao.call('POST', 'pki/roles/web', {
    allowed_domains: domain,
    allow_bare_domains: true,
    key_type: 'ec',
    key_bits: 256,
    max_ttl: '72h',
  });
}

async function pkiCa(bao: Bao): Promise<string> {
  return (await fetch(`${bao.url}/v1/pki/ca/pem`, { headers: { connection: 'close' } })).text();
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function stateOf(replica: TestReplica, name: string): Promise<string | undefined> {
  const { secrets } = await replica.status();
  return secrets.find((one) => one.name === name)?.state;
}

test('FAULT7: certificates out of Vault, its PKI, Secrets Manager and files are rotated in place, and outlive every store', async () => {
  const workspace = await createWorkspace();
  const all = await startAll(workspace);
  const { bao, moto, files, https } = all;
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const authorities = { vault: all.ca, aws: all.ca };
  const shown = async (name: Name) => {
    const ca =
      name === 'issued' ? await pkiCa(bao) : name === 'file' ? files.ca : authorities[name].certificate;
    return certificateOf({ port: https, servername: HOSTS[name], ca });
  };
  for (const name of ['vault', 'aws', 'file'] as const) {
    await until(`the certificate out of ${name}`, async () => (await shown(name)) === all.first[name]);
  }
  const issued = await until('the issued certificate', () => shown('issued'));
  const load = steadyRequests({
    ...{ url: `https://127.0.0.1:${https}/`, port: https, servername: HOSTS.vault, ca: all.ca.certificate },
    ...{ ratePerSecond: 20, freshConnections: true },
  });
  onTestFinished(async () => void (await load.stop()));

  const rotated = {
    vault: await all.toVault(),
    aws: await all.toAws(),
    file: derOf((await files.rotate()).chain),
  };
  for (const name of ['vault', 'aws', 'file'] as const) {
    await until(`the next certificate out of ${name}`, async () => (await shown(name)) === rotated[name]);
  }
  expect(await shown('issued'), 'what was issued is kept until two thirds of its life').toBe(issued);

  // Every store fails: sealed, its credentials gone, its files gone.
  await bao.seal();
  await replace(all.keys, JSON.stringify({ accessKeyId: 'AKIAWRONG', secretAccessKey: 'wrong' }));
  await moto.checkCredentialsAfter(0);
  await replace(files.privateKey, 'not a key');
  for (const name of ['vault', 'aws', 'file'] as const) {
    await until(`${name} to fail`, async () => (await stateOf(replica, name)) === 'failing', {
      timeoutMs: 30_000,
    });
  }
  for (const name of ['vault', 'aws', 'file'] as const) expect(await shown(name), name).toBe(rotated[name]);
  const { counts } = load;
  const before = counts().ok;
  await until('more requests', () => counts().ok > before + 20);

  // They come back, each with something newer.
  await bao.unseal();
  await moto.checkCredentialsAfter(1_000_000);
  await replace(all.keys, JSON.stringify(KEYS));
  const latest = {
    vault: await all.toVault(),
    aws: await all.toAws(),
    file: derOf((await files.rotate()).chain),
  };
  for (const name of ['vault', 'aws', 'file'] as const) {
    await until(`the latest certificate out of ${name}`, async () => (await shown(name)) === latest[name], {
      timeoutMs: 60_000,
    });
  }
  expect(await load.stop()).toMatchObject({ failed: 0 });
}, 120_000);
