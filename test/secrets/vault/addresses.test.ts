import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { vaultAddress } from '../../../src/secrets/vault/addresses.ts';
import { failureOf, REF, TOKEN } from './failure.ts';
import { type FakeVault, startFakeVault } from './fake-vault.ts';
import { readWhole, vaultStoreAt } from './vault-store.ts';

type Callback = (error: Error | null, addresses: LookupAddress[]) => void;

const names = vi.hoisted(() => ({ answer: [] as { address: string; family: number }[] }));
vi.mock('node:dns', async (original) => ({
  ...(await original<typeof import('node:dns')>()),
  lookup: (_name: string, _options: object, callback: Callback) => callback(null, names.answer),
}));

describe('the address in the config (BAD9)', () => {
  test.for([
    'https://vault.internal:8200',
    'https://vault.internal',
    'https://10.0.0.7:8200',
    'https://[fd00::7]:8200',
    'http://127.0.0.1:8200',
    'http://[::1]:8200',
    'http://localhost:8200',
  ])('taken: %s', (address) => {
    expect(vaultAddress.safeParse(address).success).toBe(true);
  });

  test.for<[string, RegExp]>([
    ['vault.internal:8200', /write https:\/\/vault\.internal:8200/],
    ['http://vault.internal:8200', /write https:\/\//],
    ['http://10.0.0.7:8200', /write https:\/\//],
    ['ftp://vault', /not http or https/],
    ['https://user:word@vault', /no user or password/],
    ['https://vault/v1/', /only scheme, host and port/],
    ['https://vault?x', /only scheme, host and port/],
    ['https://169.254.169.254', /metadata/],
    ['https://2852039166', /metadata/],
    ['https://0xA9FEA9FE', /metadata/],
    ['https://[::ffff:169.254.169.254]', /metadata/],
    ['https://[fe80::1]:8200', /metadata/],
    ['https://[fd00:ec2::254]', /metadata/],
    ['https://100.100.100.200', /metadata/],
    ['https://168.63.129.16', /metadata/],
    ['https://0.0.0.0:8200', /no host's address/],
    ['https://[::]:8200', /no host's address/],
    ['https://255.255.255.255', /no host's address/],
    ['https://224.0.0.1', /no host's address/],
  ])('refused: %s', ([address, words]) => {
    const { error } = vaultAddress.safeParse(address);
    expect(error?.issues.map(({ message }) => message).join()).toMatch(words);
  });
});

describe('what a name resolves to (BAD9)', () => {
  let vault: FakeVault;
  beforeEach(async () => {
    vault = await startFakeVault();
  });
  afterEach(() => vault.stop());

  const resolvesTo = (...addresses: string[]) => {
    names.answer = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };

  test.for<[string, readonly string[], RegExp]>([
    ['metadata', ['169.254.169.254'], /metadata/],
    ['metadata as IPv6', ['::ffff:169.254.169.254'], /metadata/],
    ['metadata beside a good one', ['127.0.0.1', '169.254.169.254'], /metadata/],
    ['metadata over IPv6', ['fd00:ec2::254'], /metadata/],
    ['no host', ['0.0.0.0'], /no host's address/],
    ['nothing', [], /has no address/],
  ])('%s: no connection', async ([, addresses, words]) => {
    resolvesTo(...addresses);
    const store = vaultStoreAt({ url: `https://vault.internal:${vault.port}`, token: TOKEN });
    const { message } = await failureOf(store);
    expect(message).toMatch(/^vault\.internal/);
    expect(message).toMatch(words);
    expect(vault.open()).toBe(0);
    await store.close?.();
  });

  test('what is said to be loopback and is another host gets nothing over http', async () => {
    resolvesTo('10.0.0.7');
    const store = vaultStoreAt({ url: `http://localhost:${vault.port}`, token: TOKEN });
    expect((await failureOf(store)).message).toMatch(/10\.0\.0\.7 is not loopback: only https:\/\//);
    await store.close?.();
    resolvesTo('127.0.0.1');
    const local = vaultStoreAt({ url: `http://localhost:${vault.port}`, token: TOKEN });
    await readWhole(local, REF);
    await local.close?.();
  });
});
