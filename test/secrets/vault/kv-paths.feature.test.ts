import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { tlsVaultRef, valueVaultRef } from '../../../src/secrets/vault/refs.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { until } from '../../parts/until.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { readWhole, textOf, vaultStoreAt } from './vault-store.ts';

const never = new AbortController().signal;

let bao: OpenBao;
let proxy: CountingProxy;
let store: SecretStore;

beforeAll(async () => {
  bao = await startOpenBao();
  proxy = await startCountingProxy(bao.url);
  await bao.call('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
});
afterAll(async () => {
  await proxy?.stop();
  await bao?.stop();
});
beforeEach(() => {
  proxy.forget();
  store = vaultStoreAt({ url: proxy.url });
});
afterEach(() => store.close?.());

const valueAt = async (ref: Readonly<Record<string, unknown>>) =>
  textOf((await readWhole(store, valueVaultRef.parse(ref))).parts['value']);

describe('a field', () => {
  test('that is not there is told with those that are', async () => {
    await bao.call('POST', 'secret/data/fields', { data: { chain: 'a', key: 'b' } });
    const ref = { mount: 'secret', path: 'fields', field: 'token' };
    await expect(store.read(ref, never)).rejects.toThrow(
      'secret/fields has no field "token"; it has chain, key',
    );
    await bao.call('POST', 'secret/data/fields', { data: {} });
    await expect(store.read(ref, never)).rejects.toThrow('no field "token"; it has none');
  });

  test.for([
    ['a number', 7],
    ['an object', { token: 'x' }],
    ['a list', ['x']],
    ['true', true],
  ])('that is %s is told, and not what is in it', async ([, token]) => {
    await bao.call('POST', 'secret/data/typed', { data: { token } });
    await expect(store.read({ mount: 'secret', path: 'typed', field: 'token' }, never)).rejects.toThrow(
      /^the field "token" of secret\/typed is no text$/,
    );
  });

  test('with a name that every object has is not found in one', async () => {
    await bao.call('POST', 'secret/data/plain', { data: { a: 'b' } });
    const ref = { mount: 'secret', path: 'plain', field: 'constructor' };
    await expect(store.read(ref, never)).rejects.toThrow('no field "constructor"');
  });
});

describe('the engine of a mount', () => {
  test('is asked for once, and not at all where the reference says it', async () => {
    await bao.call('POST', 'secret/data/e', { data: { token: 'two' } });
    await bao.call('POST', 'old/e', { token: 'one' });
    expect(await valueAt({ mount: 'old', path: 'e', field: 'token', engine: 1 })).toBe('one');
    expect(proxy.calls.filter((call) => call.includes('internal/ui'))).toEqual([]);
    for (let n = 0; n < 3; n += 1)
      expect(await valueAt({ mount: 'secret', path: 'e', field: 'token' })).toBe('two');
    expect(proxy.calls.filter((call) => call.includes('internal/ui'))).toEqual([
      'GET sys/internal/ui/mounts/secret/e',
    ]);
  });

  test.for([
    [1, 2],
    [2, 1],
  ] as const)('may become another one: %i, then %i', async ([before, after]) => {
    const mount = `moved${before}`;
    const write = async (version: 1 | 2, token: string) => {
      await bao.call('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: String(version) } });
      const [path, body] = version === 1 ? ['e', { token }] : ['data/e', { data: { token } }];
      // Version 2 makes itself ready for a moment.
      await until('the entry to be written', async () => {
        await bao.call('POST', `${mount}/${path}`, body);
        return true;
      });
    };
    await write(before, 'one');
    const ref = { mount, path: 'e', field: 'token' };
    expect(await valueAt(ref)).toBe('one');
    await bao.call('DELETE', `sys/mounts/${mount}`);
    await write(after, 'two');
    // Whatever the first read after it says, the next one knows.
    await store.read(ref, never).catch(() => undefined);
    expect(await valueAt(ref)).toBe('two');
  });

  test('that is no KV is told', async () => {
    await bao.call('POST', 'sys/mounts/certificates', { type: 'pki' });
    const ref = { mount: 'certificates', path: 'e', field: 'token' };
    await expect(store.read(ref, never)).rejects.toThrow('certificates is no KV engine but of type pki');
  });

  test('without versions cannot give one', async () => {
    await bao.call('POST', 'old/e', { token: 'one' });
    const ref = { mount: 'old', path: 'e', field: 'token', version: 3 };
    await expect(store.read(ref, never)).rejects.toThrow('old is KV version 1, which keeps no versions');
  });

  test('that is mounted below another path is found', async () => {
    await bao.call('POST', 'sys/mounts/team/shop', { type: 'kv', options: { version: '2' } });
    await bao.call('POST', 'team/shop/data/a/b', { data: { token: 'deep' } });
    expect(await valueAt({ mount: 'team/shop', path: 'a/b', field: 'token' })).toBe('deep');
  });
});

describe('a path names one entry and no other', () => {
  const ODD = [
    'a b',
    'a%2fb',
    'a%20b',
    'a?b=c',
    'a?version=1',
    'a#b',
    '%2e%2e',
    '%2e%2e%2fsecret',
    '..a',
    'a..b/...',
    'a;b',
    'a\\b',
    'a+b',
    'a&b',
    'x{{y}}',
    'x{{{y}}}',
    "it's",
    'ünïcödé',
    '日本',
    '🔑',
  ];

  test.for(ODD)('%s', async (path) => {
    for (const decoy of ['a', 'a b', 'a/b', 'secret', 'b', 'x', 'y'].filter((one) => one !== path)) {
      await bao.call('POST', `old/${encoded(decoy)}`, { token: 'of another' });
      await bao.call('POST', `secret/data/${encoded(decoy)}`, { data: { token: 'of another' } });
    }
    await bao.call('POST', `old/${encoded(path)}`, { token: 'its own' });
    await bao.call('POST', `secret/data/${encoded(path)}`, { data: { token: 'its own' } });
    expect(await valueAt({ mount: 'old', path, field: 'token' })).toBe('its own');
    expect(await valueAt({ mount: 'secret', path, field: 'token' })).toBe('its own');
  });

  test.for(['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', '../sys/mounts', 'a/./b', 'a\0b', 'a\nb', '\ud800'])(
    'refused by the schema: %j',
    (path) => {
      const pair = { certificate: 'chain', privateKey: 'key' };
      expect(tlsVaultRef.safeParse({ mount: 'secret', path, ...pair }).success).toBe(false);
      expect(tlsVaultRef.safeParse({ mount: path, path: 'a', ...pair }).success).toBe(false);
      const pki = { mount: 'pki', role: 'web', commonName: 'a.example.com' };
      expect(tlsVaultRef.safeParse({ pki: { ...pki, role: path } }).success).toBe(false);
      expect(tlsVaultRef.safeParse({ pki: { ...pki, mount: path } }).success).toBe(false);
    },
  );

  test('not even a reference that no schema saw reaches Vault', async () => {
    const ref = { mount: 'secret', path: '../sys/mounts', field: 'token' };
    await expect(store.read(ref, never)).rejects.toThrow(/./);
    expect(proxy.calls).toEqual([]);
  });
});

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
