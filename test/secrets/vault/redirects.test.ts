import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { failureOf, REF, TOKEN } from './failure.ts';
import { type FakeVault, startFakeVault, VALUE } from './fake-vault.ts';
import { readWhole, textOf, vaultStoreAt } from './vault-store.ts';

const pair = await makeCertificate({ names: ['a.example.com'], issuer: await makeCa() });
const issued = { certificate: pair.chain, serial_number: '01:02', private_key: pair.privateKey };
const issuedRef = tlsVaultRef.parse({ pki: { mount: 'pki', role: 'web', commonName: 'a.example.com' } });

let standby: FakeVault;
let active: FakeVault;
let store: SecretStore;

beforeEach(async () => {
  standby = await startFakeVault();
  active = await startFakeVault();
});
afterEach(async () => {
  await store?.close?.();
  await standby.stop();
  await active.stop();
});

const redirect = (status: number, location: string) =>
  standby.script(() => ({ status, headers: { location } }));

/** A store that knows only the standby, or may follow it. */
function storeThat(follow: 'stays' | 'follows'): SecretStore {
  const followTo = follow === 'follows' ? [active.url] : [];
  store = vaultStoreAt({ url: standby.url, token: TOKEN, options: { followTo, namespace: 'team/shop' } });
  return store;
}

describe('a redirect to where nobody allowed (BAD9)', () => {
  test.for([301, 302, 303, 307, 308])('%i reaches it with no request at all', async (status) => {
    redirect(status, `${active.url}/v1/kv/shop`);
    const failure = await failureOf(storeThat('stays'));
    expect(failure.reaction).toBe('refused');
    expect(failure.message).toBe(
      `${standby.url} redirects to ${active.url}, which is not followed: if it is a node of this Vault, write it in followTo`,
    );
    expect(active.requests).toEqual([]);
    expect(active.open()).toBe(0);
  });

  test('of a write neither', async () => {
    redirect(307, `${active.url}/v1/pki/issue/web`);
    await failureOf(storeThat('stays'), { ref: issuedRef });
    expect(active.requests).toEqual([]);
  });

  test.for<[string, string]>([
    ['metadata of the machine', 'http://169.254.169.254/latest/meta-data'],
    ['the name of a host that only begins alike', 'http://127.0.0.1.example.com/v1/kv/shop'],
    ['a user before another host', 'http://127.0.0.1@example.com/v1/kv/shop'],
    ['another scheme', 'file:///etc/passwd'],
    ['the same host by another scheme', 'https://127.0.0.1/v1/kv/shop'],
  ])('%s is not followed', async ([, location]) => {
    redirect(307, location);
    expect((await failureOf(storeThat('follows'))).message).toMatch(/which is not followed/);
  });

  test.for(['', 'http://', 'http://[::'])('to no place is told: %j', async (location) => {
    standby.script(() => (location === '' ? { status: 307 } : { status: 307, headers: { location } }));
    expect((await failureOf(storeThat('follows'))).reaction).toMatch(/broken|refused/);
  });
});

describe('a redirect to a node of this Vault', () => {
  test.for([307, 308])('%i is followed with login and namespace', async (status) => {
    redirect(status, `${active.url}/v1/kv/shop`);
    const { parts } = await readWhole(storeThat('follows'), REF);
    expect(textOf(parts['value'])).toBe(VALUE.data.token);
    expect(active.requests).toHaveLength(1);
    expect(active.requests[0]).toMatchObject({
      method: 'GET',
      path: 'kv/shop',
      headers: { 'x-vault-token': TOKEN, 'x-vault-namespace': 'team/shop', 'x-vault-request': 'true' },
    });
  });

  test('takes the body of a write along', async () => {
    redirect(307, `${active.url}/v1/pki/issue/web`);
    active.script(() => ({ body: { data: issued } }));
    await readWhole(storeThat('follows'), issuedRef);
    const [sent] = active.requests;
    expect(sent?.method).toBe('POST');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ common_name: 'a.example.com' });
    expect(sent?.body).toBe(standby.requests[0]?.body);
  });

  test.for([301, 302, 303])('%i is none that a Vault sends', async (status) => {
    redirect(status, `${active.url}/v1/kv/shop`);
    const { message } = await failureOf(storeThat('follows'));
    expect(message).toMatch(new RegExp(`no Vault redirects with status ${status}$`));
    expect(active.requests).toEqual([]);
  });

  test('stays in the API', async () => {
    for (const path of ['/ui/', '/v2/kv/shop', '/v1/../ui', '/']) {
      redirect(307, `${active.url}${path}`);
      expect((await failureOf(storeThat('follows'))).message).toMatch(/it is outside of the API$/);
      await store.close?.();
    }
    expect(active.requests).toEqual([]);
  });

  test('without end is not followed without end', async () => {
    redirect(307, `${active.url}/v1/kv/shop`);
    active.script(() => ({ status: 307, headers: { location: `${standby.url}/v1/kv/shop` } }));
    expect((await failureOf(storeThat('follows'))).message).toMatch(/redirects more than 3 times$/);
    expect(standby.requests.length + active.requests.length).toBe(4);
  });
});
