import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { until } from '../../parts/until.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { failureOf, REF, TOKEN } from './failure.ts';
import { type FakeVault, startFakeVault, VALUE } from './fake-vault.ts';
import { readWhole, textOf, vaultStoreAt } from './vault-store.ts';

const DAY = 86_400_000;
const ca = await makeCa();
const otherCa = await makeCa({ name: 'another CA' });
const good = await makeCertificate({ names: ['localhost'], issuer: ca });
const elsewhere = await makeCertificate({ names: ['vault.example.com'], issuer: ca });
const old = await makeCertificate({
  names: ['localhost'],
  issuer: ca,
  days: 1,
  from: new Date(Date.now() - 3 * DAY),
});

let folder: string;
let vault: FakeVault | undefined;
const stores: SecretStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-vault-tls-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const store of stores.splice(0)) await store.close?.();
  await vault?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

async function storeFor(pair: typeof good, tls?: Readonly<Record<string, string>>): Promise<SecretStore> {
  vault = await startFakeVault(pair);
  const store = vaultStoreAt({ url: vault.url, token: TOKEN, options: tls === undefined ? {} : { tls } });
  stores.push(store);
  return store;
}

const trust = async (pem = ca.certificate) => ({ ca: await write('ca.pem', pem) });

async function refused(store: SecretStore): Promise<string> {
  const { message } = await failureOf(store);
  expect(vault?.requests).toEqual([]);
  return message;
}

describe('the certificate of Vault', () => {
  test('of an authority that is trusted is taken', async () => {
    const { parts } = await readWhole(await storeFor(good, await trust()), REF);
    expect(textOf(parts['value'])).toBe(VALUE.data.token);
  });

  test('of another authority is not', async () => {
    const message = await refused(await storeFor(good, await trust(otherCa.certificate)));
    expect(message).toMatch(
      /is not recognised by its certificate \(\w+\): look at tls\.ca and tls\.serverName/,
    );
  });

  test("of an authority that the system does not know is not, where the system's are trusted", async () => {
    expect(await refused(await storeFor(good))).toMatch(/is not recognised by its certificate/);
  });

  test('for another name is not, unless that name is written', async () => {
    const tls = await trust();
    expect(await refused(await storeFor(elsewhere, tls))).toMatch(/\(ERR_TLS_CERT_ALTNAME_INVALID\)/);
    await vault?.stop();
    const named = await storeFor(elsewhere, { ...tls, serverName: 'vault.example.com' });
    expect(textOf((await readWhole(named, REF)).parts['value'])).toBe(VALUE.data.token);
  });

  test('that has ended is not', async () => {
    expect(await refused(await storeFor(old, await trust()))).toMatch(/\(CERT_HAS_EXPIRED\)/);
  });

  test.for([
    ['VAULT_SKIP_VERIFY', 'true'],
    ['VAULT_SKIP_VERIFY', '1'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ] as const)('is looked at with %s=%s too', async ([name, value]) => {
    vi.stubEnv(name, value);
    const message = await refused(await storeFor(good, await trust(otherCa.certificate)));
    expect(message).toMatch(/is not recognised by its certificate/);
  });
});

describe('our files', () => {
  test('of another authority count from the next connection on', async () => {
    const store = await storeFor(good, await trust(otherCa.certificate));
    await refused(store);
    await trust(ca.certificate);
    const { parts } = await until('the new authority to be used', () => readWhole(store, REF));
    expect(textOf(parts['value'])).toBe(VALUE.data.token);
  });

  test('that are not there, or no PEM, are told', async () => {
    const missing = await storeFor(good, { ca: path.join(folder, 'none.pem') });
    expect((await failureOf(missing)).message).toMatch(/none\.pem/);
    await vault?.stop();
    const mismatch = {
      ...(await trust()),
      certificate: await write('own.pem', good.chain),
      privateKey: await write('own.key', elsewhere.privateKey),
    };
    const { message } = await failureOf(await storeFor(good, mismatch));
    expect(message).toMatch(
      /^tls\.ca, tls\.certificate and tls\.privateKey: not PEM, or the key is not that/,
    );
  });
});
