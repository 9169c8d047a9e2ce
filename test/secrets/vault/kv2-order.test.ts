import { describe, expect, test } from 'vitest';
import { Kv2 } from '../../../src/secrets/vault/kv2.ts';
import { valueVaultRef } from '../../../src/secrets/vault/refs.ts';

const never = new AbortController().signal;
const ref = valueVaultRef.parse({ mount: 'kv', path: 'shop', field: 'token' });

/** A replica of Vault that shows one version of `kv/shop`, or another one. */
function replica() {
  const shown = { number: 7, created_time: '2026-11-26T07:00:00.5Z', held: 'as asked' };
  const read = async (path: string): Promise<unknown> => {
    const { number, created_time } = shown;
    const facts = { created_time, deletion_time: '', destroyed: false };
    if (path.includes('/metadata/'))
      return { data: { current_version: number, versions: { [number]: facts, 5: facts } } };
    const version = shown.held === 'as asked' ? Number(path.split('=')[1]) : Number(shown.held);
    return { data: { data: { token: `value ${version}` }, metadata: { ...facts, version } } };
  };
  const store = () => new Kv2({ read, intervalMs: 15_000, now: () => Date.now() });
  return { shown, store };
}

describe('a version that went back', () => {
  test('is a failure in words: a standby that is behind, or a snapshot, is no new secret', async () => {
    const { shown, store } = replica();
    const kv = store();
    const before = await kv.read({ ref, known: undefined, signal: never });
    Object.assign(shown, { number: 5, created_time: '2026-11-20T07:00:00Z' });
    const later = kv.read({ ref, known: before?.version, signal: never });
    await expect(later).rejects.toThrow(/kv\/shop went back from version 7 to 5, which is older/);
  });

  test('also for a store that began anew and knows it from what is served', async () => {
    const { shown, store } = replica();
    const before = await store().read({ ref, known: undefined, signal: never });
    Object.assign(shown, { number: 5, created_time: '2026-11-20T07:00:00Z' });
    const later = store().read({ ref, known: before?.version, signal: never });
    await expect(later).rejects.toThrow(/went back/);
  });

  test('is right where it was written later, or is named', async () => {
    const { shown, store } = replica();
    const kv = store();
    const before = await kv.read({ ref, known: undefined, signal: never });
    const named = await kv.read({ ref: { ...ref, version: 5 }, known: undefined, signal: never });
    expect(named?.version).toMatch(/^5@/);
    Object.assign(shown, { number: 1, created_time: '2026-11-26T08:00:00Z' });
    const anew = await kv.read({ ref, known: before?.version, signal: never });
    expect(anew?.version).toMatch(/^1@2026-11-26T08:00:00Z#/);
  });

  test('an answer of another version than the one asked for is none', async () => {
    const { shown, store } = replica();
    shown.held = '6';
    const read = store().read({ ref, known: undefined, signal: never });
    await expect(read).rejects.toThrow('kv/shop: asked for version 7, got 6');
  });
});
