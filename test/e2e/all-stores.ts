import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { startMoto } from '../parts/moto.ts';
import { type OpenBao, startOpenBao } from '../parts/openbao.ts';
import { freePort } from '../parts/ports.ts';
import { makeCa, makeCertificate } from '../secrets/certificates.ts';
import { derOf, echo, pairOnDisk } from './parts.ts';
import type { Workspace } from './workspace.ts';

const REGION = 'eu-west-1';
export const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'marker-of-the-aws-access-key' };

/** Each is a secret, and the hostname that it is served for. */
export const HOSTS = {
  vault: 'vault.example.com',
  issued: 'issued.example.com',
  aws: 'aws.example.com',
  file: 'file.example.com',
};
export type Stored = Exclude<keyof typeof HOSTS, 'issued'>;

/** A real server of each kind of store, with a certificate in it that can be rotated. */
export async function startStores({ dir }: Workspace) {
  const [bao, moto, ca] = await Promise.all([startOpenBao(), startMoto(), makeCa()]);
  const client = new SecretsManagerClient({ region: REGION, endpoint: moto.url, credentials: KEYS });
  onTestFinished(async () => {
    client.destroy();
    await Promise.all([bao.stop(), moto.stop()]);
  });
  await preparePki(bao, HOSTS.issued);
  const files = await pairOnDisk(dir, 'file', [HOSTS.file]);
  /** Every private key that was ever put into a store. */
  const privateKeys: string[] = [];
  const put: Record<Stored, (chain: string, key: string) => Promise<unknown>> = {
    vault: (fullchain, key) => bao.call('POST', 'secret/data/shop', { data: { fullchain, key } }),
    aws: (fullchain, key) => putIntoAws(client, JSON.stringify({ fullchain, key })),
    file: (chain, privateKey) => files.write({ chain, privateKey }),
  };
  /** Puts a new certificate there; answers it in the form of `certificateOf`. */
  const rotate = async (store: Stored): Promise<string> => {
    const { chain, privateKey } = await makeCertificate({ issuer: ca, names: [HOSTS[store]] });
    privateKeys.push(privateKey);
    await put[store](chain, privateKey);
    return derOf(chain);
  };
  return { bao, moto, ca, files, privateKeys, rotate };
}

export type Stores = Awaited<ReturnType<typeof startStores>>;

async function putIntoAws(client: SecretsManagerClient, SecretString: string): Promise<void> {
  try {
    await client.send(new PutSecretValueCommand({ SecretId: 'shop/tls', SecretString }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateSecretCommand({ Name: 'shop/tls', SecretString }));
  }
}

async function preparePki(bao: OpenBao, domain: string): Promise<void> {
  await bao.call('POST', 'sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  await bao.call('POST', 'pki/root/generate/internal', { common_name: 'root of the test', ttl: '8760h' });
  const allowed = { allowed_domains: domain, allow_bare_domains: true };
  await bao.call('POST', 'pki/roles/web', { ...allowed, key_type: 'ec', key_bits: 256, max_ttl: '72h' });
}

/** What a config on all of these stores has beside the stores themselves. */
export interface Logins {
  readonly https: number;
  /** Files of muster's own logins, and of the session ticket keys. */
  readonly token: string;
  readonly keys: string;
  readonly tickets: Buffer;
}

/** Writes a config whose one listener serves a certificate out of each store. */
export async function configureAll(workspace: Workspace, { bao, moto, files }: Stores): Promise<Logins> {
  const [https, upstream] = [await freePort(), await echo({ name: 'one' })];
  const at = (name: string): string => join(workspace.dir, name);
  const tickets = randomBytes(80);
  await replace(at('token'), bao.rootToken);
  await replace(at('keys'), JSON.stringify(KEYS));
  await replace(at('tickets'), tickets.toString('base64'));
  const fields = { certificate: 'fullchain', privateKey: 'key' };
  const pki = { mount: 'pki', role: 'web', commonName: HOSTS.issued, ttl: '1h' };
  const { certificate, privateKey } = files;
  const keys = { secret: 'aws-keys' };
  const certificates = Object.entries(HOSTS).map(([secret, host]) => ({ secret, hostnames: [host] }));
  const tls = { certificates, sessionTicketKeys: { secret: 'tickets' } };
  await workspace.putConfig({
    secretStores: {
      vault: { vault: { address: bao.url, auth: { token: { secret: 'vault-token' } }, interval: '1s' } },
      aws: { awsSecretsManager: { region: REGION, endpoint: moto.url, keys, interval: '5s' } },
    },
    secrets: {
      'vault-token': { value: { path: at('token') } },
      'aws-keys': { value: { path: at('keys') } },
      tickets: { sessionTicketKeys: { keys: at('tickets') } },
      vault: { tls: { store: 'vault', mount: 'secret', path: 'shop', ...fields } },
      issued: { tls: { store: 'vault', pki } },
      aws: { tls: { store: 'aws', name: 'shop/tls', ...fields } },
      file: { tls: { certificate, privateKey } },
    },
    services: { web: { endpoints: [`127.0.0.1:${upstream.port}`] } },
    listeners: { secure: { port: https, address: '127.0.0.1', protocol: 'HTTPS', tls } },
    httpRoutes: { all: { listeners: ['secure'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['secure'] } },
  });
  return { https, token: at('token'), keys: at('keys'), tickets };
}

export async function pkiCa(bao: OpenBao): Promise<string> {
  return (await fetch(`${bao.url}/v1/pki/ca/pem`, { headers: { connection: 'close' } })).text();
}

export async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
