import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type MadeCertificate, makeCa, makeCertificate } from '../certificates.ts';
import { API_KEY, faultOf, mended, readApiKey, startVaultWorld, type VaultWorld } from './vault-world.ts';

const [serverCa, clientCa, otherCa] = [await makeCa(), await makeCa({ name: 'clients' }), await makeCa()];
const server = await makeCertificate({ ips: ['127.0.0.1'], issuer: serverCa });
const client = await makeCertificate({ names: ['muster.example.com'], issuer: clientCa });
const foreign = await makeCertificate({ names: ['muster.example.com'], issuer: otherCa });

let world: VaultWorld;
beforeAll(async () => {
  world = await startVaultWorld({ tls: server });
  await world.write('ca.pem', serverCa.certificate);
  await world.bao.call('POST', 'sys/auth/cert', { type: 'cert' });
  await world.bao.call('POST', 'auth/cert/certs/shop', {
    certificate: clientCa.certificate,
    token_policies: ['shop'],
  });
}, 60_000);
afterAll(() => world.close());
afterEach(() => world.reset());

const useCertificate = async ({ chain, privateKey }: MadeCertificate) => {
  await world.write('client.pem', chain);
  await world.write('client-key.pem', privateKey);
};
const certificateStore = (name?: string) =>
  world.store({
    address: world.bao.tlsUrl,
    tls: { ca: path.join(world.folder, 'ca.pem'), certificate: 'client.pem', privateKey: 'client-key.pem' },
    auth: { certificate: name === undefined ? {} : { name } },
  });

test('logs in with the client certificate of the connection, by any role that fits or by one', async () => {
  await useCertificate(client);
  expect(await readApiKey(certificateStore())).toBe(API_KEY);
  expect(await readApiKey(certificateStore('shop'))).toBe(API_KEY);
  expect(String(await faultOf(certificateStore('none')))).toMatch(/auth\/cert\/login was refused/);
});

test('one of another CA is told with its file, and its successor counts within 10 s', async () => {
  await useCertificate(foreign);
  const store = certificateStore();
  expect(String(await faultOf(store))).toMatch(
    /with the certificate of client\.pem: expired, or not of a CA/,
  );
  await useCertificate(client);
  await mended(store);
});

test('one that has expired is told with its file', async () => {
  const from = new Date(Date.now() - 86_400_000 * 2);
  await useCertificate(
    await makeCertificate({ names: ['old.example.com'], issuer: clientCa, days: 1, from }),
  );
  expect(String(await faultOf(certificateStore()))).toMatch(/with the certificate of client\.pem: expired/);
});

test('a key that is not that of the certificate is told', async () => {
  await useCertificate({ ...client, privateKey: foreign.privateKey });
  expect(String(await faultOf(certificateStore()))).toMatch(/the key is not that of the certificate/);
});

test('a Vault that another CA vouches for is not logged in to', async () => {
  await useCertificate(client);
  await world.write('ca.pem', otherCa.certificate);
  const store = certificateStore();
  expect(String(await faultOf(store))).toMatch(/not recognised by its certificate.*tls\.ca/);
  await world.write('ca.pem', serverCa.certificate);
  await mended(store);
});
