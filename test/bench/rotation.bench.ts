/** A new version of a certificate in its store, until a real Envoy shows it to a new TLS connection. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { certificateOf, derOf } from '../e2e/parts.ts';
import { startMoto } from '../parts/moto.ts';
import { startOpenBao } from '../parts/openbao.ts';
import { freePort } from '../parts/ports.ts';
import { makeCa, makeCertificate } from '../secrets/certificates.ts';
import { quantile } from './build/measure.ts';
import { startRunning } from './edit/replica.ts';

interface Case {
  readonly store: 'vault' | 'aws' | 'file';
  /** Between two looks of muster; 0: it is told. */
  readonly intervalMs: number;
  readonly rotations: number;
}

const CASES: readonly Case[] = [
  { store: 'vault', intervalMs: 1000, rotations: 100 },
  { store: 'aws', intervalMs: 5000, rotations: 20 },
  { store: 'file', intervalMs: 0, rotations: 100 },
];
/** On top of the interval, at p99. */
const LIMIT_MS = 500;
const REGION = 'eu-west-1';
const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-checked' };

const ca = await makeCa();
const [bao, moto] = await Promise.all([startOpenBao(), startMoto()]);
const aws = new SecretsManagerClient({ region: REGION, endpoint: moto.url, credentials: KEYS });
const folder = await mkdtemp(join(tmpdir(), 'muster-rotation-'));
const at = (name: string): string => join(folder, name);

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

const hostOf = (store: string): string => `${store}.example.com`;

/** Puts a new pair into the store; answers its certificate once the store has it. */
async function rotate(store: Case['store'], first = false): Promise<string> {
  const { chain, privateKey } = await makeCertificate({ issuer: ca, names: [hostOf(store)] });
  const fields = { fullchain: chain, key: privateKey };
  const SecretString = JSON.stringify(fields);
  if (store === 'vault') await bao.call('POST', 'secret/data/shop', { data: fields });
  else if (store === 'file') await replace(at('bundle.pem'), chain + privateKey);
  else if (first) await aws.send(new CreateSecretCommand({ Name: 'shop', SecretString }));
  else await aws.send(new PutSecretValueCommand({ SecretId: 'shop', SecretString }));
  return derOf(chain);
}

const https = await freePort();
await replace(at('token'), bao.rootToken);
await replace(at('keys'), JSON.stringify(KEYS));
for (const { store } of CASES) await rotate(store, true);
const fields = { certificate: 'fullchain', privateKey: 'key' };
const everyText = (store: Case['store']): string =>
  `${CASES.find((one) => one.store === store)?.intervalMs ?? 0}ms`;
const config = {
  secretStores: {
    vault: {
      vault: { address: bao.url, auth: { token: { secret: 'token' } }, interval: everyText('vault') },
    },
    aws: {
      awsSecretsManager: {
        ...{ region: REGION, endpoint: moto.url, keys: { secret: 'keys' }, interval: everyText('aws') },
      },
    },
  },
  secrets: {
    token: { value: { path: at('token') } },
    keys: { value: { path: at('keys') } },
    vault: { tls: { store: 'vault', mount: 'secret', path: 'shop', ...fields } },
    aws: { tls: { store: 'aws', name: 'shop', ...fields } },
    file: { tls: { bundle: at('bundle.pem') } },
  },
  listeners: {
    secure: {
      port: https,
      address: '127.0.0.1',
      protocol: 'HTTPS',
      tls: { certificates: CASES.map(({ store }) => ({ secret: store, hostnames: [hostOf(store)] })) },
    },
  },
  httpRoutes: { ok: { listeners: ['secure'], rules: [{ filters: [{ directResponse: { status: 200 } }] }] } },
  groups: { edge: { listeners: ['secure'] } },
};
const running = await startRunning({ 'fleet.yaml': JSON.stringify(config) });

async function untilShown(store: string, certificate: string): Promise<void> {
  const shown = { port: https, servername: hostOf(store), ca: ca.certificate };
  while ((await certificateOf(shown).catch(() => '')) !== certificate) await wait(2);
}

try {
  for (const { store, intervalMs, rotations } of CASES) {
    await untilShown(store, await rotate(store));
    const delays: number[] = [];
    for (let turn = 0; turn < rotations; turn += 1) {
      // At any moment of the interval.
      await wait(Math.max(intervalMs, 100) * Math.random());
      const certificate = await rotate(store);
      const started = performance.now();
      await untilShown(store, certificate);
      delays.push(performance.now() - started);
    }
    const p99 = quantile(delays, 0.99);
    const limit = intervalMs + LIMIT_MS;
    console.log(
      `${store.padEnd(6)} looks every ${intervalMs} ms, ${rotations} rotations: p50 ${quantile(delays, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (limit ${limit}) ${p99 < limit ? '' : 'MISSED'}`,
    );
    if (p99 >= limit) process.exitCode = 1;
  }
} finally {
  aws.destroy();
  await running.stop();
  await Promise.all([bao.stop(), moto.stop()]);
  await rm(folder, { recursive: true, force: true });
}
