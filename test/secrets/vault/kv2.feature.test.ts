import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { readWhole, textOf, tokenWith, vaultStoreAt } from './vault-store.ts';

const never = new AbortController().signal;

let bao: OpenBao;
let proxy: CountingProxy;
let store: SecretStore;

beforeAll(async () => {
  bao = await startOpenBao();
  proxy = await startCountingProxy(bao.url);
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

const put = (path: string, data: unknown) => bao.call('POST', `secret/data/${path}`, { data });
const refTo = (path: string, more: Readonly<Record<string, unknown>> = {}) => ({
  mount: 'secret',
  path,
  field: 'token',
  ...more,
});
const valueAt = async (from: SecretStore, ref: unknown) =>
  textOf((await readWhole(from, ref)).parts['value']);
/** What was asked of the engine itself. */
const asked = () => proxy.calls.filter((call) => call.startsWith('GET secret/'));

describe('which version counts', () => {
  test('the newest, or the one that is named, whatever came after it', async () => {
    for (const token of ['one', 'two', 'three']) await put('pin', { token });
    expect(await valueAt(store, refTo('pin'))).toBe('three');
    expect(await valueAt(store, refTo('pin', { version: 2 }))).toBe('two');
    expect(await store.read(refTo('pin', { version: 7 }), never)).toBeUndefined();
  });

  test('a new one comes with its parts, of that same version', async () => {
    await put('new', { token: 'one' });
    const { version } = await readWhole(store, refTo('new'));
    await put('new', { token: 'two' });
    const next = await store.read(refTo('new'), never, version);
    expect(textOf(next?.parts?.['value'])).toBe('two');
    expect(asked().at(-1)).toBe('GET secret/data/new?version=2');
  });

  test('a newest one that was deleted does not exist, until that is undone', async () => {
    for (const token of ['one', 'two']) await put('deleted', { token });
    const { version } = await readWhole(store, refTo('deleted'));
    await bao.call('DELETE', 'secret/data/deleted');
    expect(await store.read(refTo('deleted'), never, version)).toBeUndefined();
    expect(await valueAt(store, refTo('deleted', { version: 1 }))).toBe('one');
    await bao.call('POST', 'secret/undelete/deleted', { versions: [2] });
    expect((await store.read(refTo('deleted'), never, version))?.version).toBe(version);
  });

  test('one that was destroyed does not exist', async () => {
    for (const token of ['one', 'two']) await put('destroyed', { token });
    await bao.call('PUT', 'secret/destroy/destroyed', { versions: [2] });
    expect(await store.read(refTo('destroyed'), never)).toBeUndefined();
    expect(await store.read(refTo('destroyed', { version: 2 }), never)).toBeUndefined();
  });

  test('one that Vault will delete by itself is told', async () => {
    await put('short', { token: 'one' });
    await bao.call('POST', 'secret/metadata/short', { delete_version_after: '1h' });
    await put('short', { token: 'two' });
    expect((await readWhole(store, refTo('short'))).warnings?.join()).toMatch(
      /Vault will delete this version at/,
    );
  });

  test('an entry that was removed and written anew begins at 1 again, and that is right', async () => {
    for (const token of ['one', 'two']) await put('anew', { token });
    const { version } = await readWhole(store, refTo('anew'));
    await bao.call('DELETE', 'secret/metadata/anew');
    expect(await store.read(refTo('anew'), never, version)).toBeUndefined();
    await put('anew', { token: 'other' });
    const next = await store.read(refTo('anew'), never, version);
    expect(textOf(next?.parts?.['value'])).toBe('other');
  });
});

describe('what it costs', () => {
  test('one call while nothing changes', async () => {
    await put('calm', { token: 'one' });
    const { version } = await readWhole(store, refTo('calm'));
    proxy.forget();
    for (let n = 0; n < 3; n += 1) {
      const { parts, checkAgainMs } = (await store.read(refTo('calm'), never, version)) ?? {};
      expect([parts, checkAgainMs]).toEqual([undefined, 15_000]);
    }
    expect(proxy.calls).toEqual(Array(3).fill('GET secret/metadata/calm'));
  });

  test('one read for many secrets of one path that are looked at together', async () => {
    const fields = Array.from({ length: 20 }, (_, n) => `f${n}`);
    await put('many', Object.fromEntries(fields.map((field) => [field, `value of ${field}`])));
    const refs = fields.map((field) => ({ mount: 'secret', path: 'many', field }));
    const read = await Promise.all(refs.map((ref) => readWhole(store, ref)));
    expect(read.map(({ parts }) => textOf(parts['value']))).toEqual(
      fields.map((field) => `value of ${field}`),
    );
    expect(new Set(read.map(({ version }) => version)).size).toBe(20);
    expect(asked()).toEqual(['GET secret/metadata/many', 'GET secret/data/many?version=1']);
    proxy.forget();
    await Promise.all(refs.map((ref, n) => store.read(ref, never, read[n]?.version)));
    expect(proxy.calls).toEqual(['GET secret/metadata/many']);
  });
});

describe('what the policy allows', () => {
  const withRules = async (name: string, rules: string) =>
    vaultStoreAt({ url: proxy.url, token: await tokenWith(bao, name, rules) });

  test('where metadata may not be read, the secret itself tells, and that is remembered', async () => {
    await put('data-only', { token: 'one' });
    const poor = await withRules('data-only', 'path "secret/data/*" { capabilities = ["read"] }');
    const { version, parts } = await readWhole(poor, refTo('data-only'));
    expect(textOf(parts['value'])).toBe('one');
    proxy.forget();
    expect((await poor.read(refTo('data-only'), never, version))?.parts).toBeUndefined();
    expect(proxy.calls).toEqual(['GET secret/data/data-only']);
    await put('data-only', { token: 'two' });
    expect(textOf((await poor.read(refTo('data-only'), never, version))?.parts?.['value'])).toBe('two');
    await bao.call('DELETE', 'secret/data/data-only');
    expect(await poor.read(refTo('data-only'), never, version)).toBeUndefined();
    await poor.close?.();
  });

  test('a secret that may not be read is no absence, and the policy that it needs is told', async () => {
    await put('forbidden', { token: 'one' });
    for (const rules of [
      'path "secret/other" { capabilities = ["read"] }',
      'path "secret/metadata/*" { capabilities = ["read"] }',
    ]) {
      const poor = await withRules('other', rules);
      await expect(poor.read(refTo('forbidden', { engine: 2 }), never)).rejects.toThrow(
        /secret\/data\/forbidden is forbidden.*needs read on secret\/data\/forbidden/,
      );
      await poor.close?.();
    }
  });

  test('an engine that may not be asked for is told with both policies that help', async () => {
    const poor = await withRules('none', 'path "none" { capabilities = ["read"] }');
    await expect(poor.read(refTo('forbidden'), never)).rejects.toThrow(
      /needs read on secret\/data\/forbidden, or on secret\/forbidden for KV version 1/,
    );
    await poor.close?.();
  });
});
