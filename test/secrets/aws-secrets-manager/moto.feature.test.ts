import { afterAll, beforeAll, beforeEach } from 'vitest';
import { tlsRef } from '../../../src/secrets/aws-secrets-manager/refs.ts';
import { type Moto, startMoto } from '../../parts/moto.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { testSecretStore } from '../suite.ts';
import { awsAt, useTestCredentials } from './aws-store.ts';
import { type SecretsWorld, secretsWorld } from './world.ts';

const ca = await makeCa();
const old = await makeCertificate({ names: ['old.example.com'], issuer: ca });
const next = await makeCertificate({ names: ['new.example.com'], issuer: ca });

let moto: Moto;
let world: SecretsWorld;
beforeAll(async () => {
  useTestCredentials();
  moto = await startMoto();
  world = secretsWorld(moto.url);
});
afterAll(async () => {
  world?.close();
  await moto?.stop();
});
beforeEach(() => moto.reset());

const pairOf = ({ chain, privateKey }: typeof old) => ({ fullchain: chain, key: privateKey });
const bundleOf = ({ chain, privateKey }: typeof old) => privateKey + chain;

testSecretStore('Secrets Manager with a JSON secret', async () => {
  await world.create('shop/tls', pairOf(old));
  return under({ certificate: 'fullchain', privateKey: 'key' }, pairOf);
});

testSecretStore('Secrets Manager with a bundle', async () => {
  await world.create('shop/tls', bundleOf(old));
  return under({}, bundleOf);
});

async function under(fields: object, written: (pair: typeof old) => string | Record<string, string>) {
  const store = awsAt(moto.url, { interval: '5s' });
  let turn = 0;
  return {
    store,
    ref: tlsRef.parse({ name: 'shop/tls', ...fields }),
    absentRef: tlsRef.parse({ name: 'shop/none', ...fields }),
    marker: old.privateKey.split('\n')[1] ?? 'none',
    rotate: async () => void (await world.put('shop/tls', written(turn++ % 2 === 0 ? next : old))),
    break: () => moto.checkCredentialsAfter(0),
    close: async () => {
      await store.close?.();
      // The reset of moto leaves this as it is.
      await moto.checkCredentialsAfter(1_000_000);
    },
  };
}
