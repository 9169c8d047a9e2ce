import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkMaterial } from '../../../src/secrets/material.ts';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { issuedRef, mountPki, putRole } from './pki.ts';
import { readWhole, tokenWith, vaultStoreAt } from './vault-store.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;

let bao: OpenBao;
let proxy: CountingProxy;
let clock: ManualClock;
let store: SecretStore;

beforeAll(async () => {
  bao = await startOpenBao();
  await mountPki(bao);
  proxy = await startCountingProxy(bao.url);
});
afterAll(async () => {
  await proxy?.stop();
  await bao?.stop();
});
beforeEach(() => {
  proxy.forget();
  clock = manualClock(Date.now());
  store = vaultStoreAt({ url: proxy.url, clock });
});
afterEach(() => store.close?.());

const issues = () => proxy.calls.filter((call) => /^POST pki\/(issue|sign)\//.test(call));

describe('a certificate is kept', () => {
  test('and issued once, however many read it at once and later', async () => {
    const reads = await Promise.all([1, 2, 3, 4].map(() => store.read(issuedRef(), never)));
    await clock.advance(HOUR);
    reads.push(await store.read(issuedRef(), never, reads[0]?.version));
    expect(new Set(reads.map((read) => read?.version)).size).toBe(1);
    expect(reads.at(-1)?.parts).toBeUndefined();
    expect(issues()).toHaveLength(1);
  });

  test('for each reference its own', async () => {
    const [a, b] = await Promise.all([
      readWhole(store, issuedRef()),
      readWhole(store, issuedRef({ commonName: 'other.example.com' })),
    ]);
    expect(a.version).not.toBe(b.version);
    expect(issues()).toHaveLength(2);
  });

  test('until two thirds of its life, and says when that is', async () => {
    const first = await readWhole(store, issuedRef());
    expect(first.checkAgainMs).toBeGreaterThan(1.98 * HOUR);
    expect(first.checkAgainMs).toBeLessThan(2.02 * HOUR);
    await clock.advance((first.checkAgainMs ?? 0) - 1);
    const last = await store.read(issuedRef(), never, first.version);
    expect(last).toMatchObject({ version: first.version, checkAgainMs: 1 });
    await clock.advance(1);
    const second = await store.read(issuedRef(), never, first.version);
    expect(second?.version).not.toBe(first.version);
    expect(second?.parts).toBeDefined();
  });

  test('spread by a tenth between replicas', async () => {
    for (const [random, hours] of [
      [0, 1.8],
      [1, 2.2],
    ] as const) {
      const replica = vaultStoreAt({ url: proxy.url, clock, random: () => random });
      const { checkAgainMs } = await readWhole(replica, issuedRef());
      await replica.close?.();
      expect((checkAgainMs ?? 0) / HOUR).toBeCloseTo(hours, 1);
    }
  });

  test('no longer because the clock was put back', async () => {
    const first = await readWhole(store, issuedRef());
    clock.step(-2 * HOUR);
    await store.read(issuedRef(), never, first.version);
    await clock.advance(2.02 * HOUR);
    expect((await store.read(issuedRef(), never, first.version))?.version).not.toBe(first.version);
  });

  test('FAULT7: while no new one can be had, and got as soon as that is mended', async () => {
    await putRole(bao, 'passing', { key_type: 'ec', key_bits: 256 });
    const first = await readWhole(store, issuedRef({ role: 'passing' }));
    await bao.call('DELETE', 'pki/roles/passing');
    await clock.advance(2.1 * HOUR);
    const failed = store.read(issuedRef({ role: 'passing' }), never, first.version);
    await expect(failed).rejects.toThrow(/writing pki\/issue\/passing .*unknown role/);
    await putRole(bao, 'passing', { key_type: 'ec', key_bits: 256 });
    const next = await store.read(issuedRef({ role: 'passing' }), never, first.version);
    expect(next?.parts).toBeDefined();
  });
});

describe('what a role does not allow', () => {
  test('FAULT7: a name (lease refused) is told in words', async () => {
    await expect(store.read(issuedRef({ commonName: 'shop.example.org' }), never)).rejects.toThrow(
      /writing pki\/issue\/web was refused: .*shop\.example\.org/,
    );
  });

  test('a longer life is served shorter, with a warning', async () => {
    const { warnings, checkAgainMs } = await readWhole(store, issuedRef({ ttl: '100h' }));
    expect(warnings?.join()).toMatch(/issued for 72 h and not for 100h: the role web or the mount pki/);
    expect((checkAgainMs ?? 0) / HOUR).toBeCloseTo(48, 0);
  });

  test('BAD12: a certificate that cannot be served is issued anew a minute later, for a role that was mended', async () => {
    const role = { key_type: 'ec', key_bits: 256 };
    await putRole(bao, 'mended', { ...role, key_usage: ['KeyEncipherment'] });
    const bad = await readWhole(store, issuedRef({ role: 'mended' }));
    const check = checkMaterial('tls', bad, clock.now());
    expect(check.problem).toMatch(/its key usage lacks digitalSignature/);
    await putRole(bao, 'mended', role);
    await clock.advance(59_000);
    expect((await readWhole(store, issuedRef({ role: 'mended' }))).version).toBe(bad.version);
    await clock.advance(1000);
    const good = await readWhole(store, issuedRef({ role: 'mended' }));
    expect(checkMaterial('tls', good, clock.now()).problem).toBeUndefined();
  });

  test('the policy of our login is told with what it lacks', async () => {
    const token = await tokenWith(bao, 'nothing', 'path "none" { capabilities = ["read"] }');
    const poor = vaultStoreAt({ url: proxy.url, clock, token });
    const refused = poor.read(issuedRef(), never);
    await expect(refused).rejects.toThrow(/is forbidden.*needs update on pki\/issue\/web/);
    await poor.close?.();
  });
});
