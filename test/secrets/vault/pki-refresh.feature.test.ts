import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSecretRefresher, type SecretRefresher } from '../../../src/secrets/refresh.ts';
import type { CheckedSecret, SecretStore } from '../../../src/secrets/store.ts';
import { tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { until } from '../../parts/until.ts';
import { mountPki, putRole } from './pki.ts';
import { vaultStoreAt } from './vault-store.ts';

const MINUTE = 60_000;
const ROLE = { key_type: 'ec', key_bits: 256 };
const ref = tlsVaultRef.parse({
  pki: { mount: 'pki', role: 'shop', commonName: 'shop.example.com', ttl: '3h' },
});

let bao: OpenBao;
let clock: ManualClock;
let store: SecretStore;
let life: AbortController;
let refresher: SecretRefresher;
let served: CheckedSecret[];

beforeEach(async () => {
  bao = await startOpenBao();
  await mountPki(bao);
  await putRole(bao, 'shop', ROLE);
  clock = manualClock(Date.now());
  store = vaultStoreAt({ url: bao.url, clock });
  life = new AbortController();
  served = [];
  refresher = createSecretRefresher({
    onSecret: (_, secret) => served.push(secret),
    onProblem: () => undefined,
    clock,
    random: () => 0.5,
    signal: life.signal,
  });
  const secret = {
    name: 'shop',
    kind: 'tls',
    store: 'vault',
    ref,
    origin: { object: 'secrets/shop' },
  } as const;
  refresher.update([secret], new Map([['vault', store]]));
  await goOn(0);
});
afterEach(async () => {
  life.abort();
  await store.close?.();
  await bao.stop();
});

const status = () => refresher.status()[0];

/** Moves on, and waits for the reads that fell due. */
async function goOn(ms: number): Promise<void> {
  await clock.advance(ms);
  await until('the read to end', () => (status()?.nextAttempt ?? 0) > clock.now());
}

/** Minutes until there is another one. */
async function minutesToNext(most: number): Promise<number> {
  const before = served.length;
  for (let minute = 1; minute <= most; minute += 1) {
    await goOn(MINUTE);
    if (served.length > before) return minute;
  }
  return expect.unreachable(`no new certificate within ${most} minutes`);
}

test('SRC15: a certificate of three hours is replaced after two', async () => {
  expect(served).toHaveLength(1);
  const minutes = await minutesToNext(125);
  expect(minutes).toBeGreaterThanOrEqual(119);
  expect(minutes).toBeLessThanOrEqual(121);
  expect(status()).toMatchObject({ problem: undefined, failures: 0 });
});

test('FAULT7: while a lease is refused what was issued stays, and is replaced soon after it is mended', async () => {
  const first = refresher.served('shop');
  await bao.call('DELETE', 'pki/roles/shop');
  for (let minute = 0; minute < 150; minute += 1) await goOn(MINUTE);
  expect(status()).toMatchObject({ state: 'failing' });
  expect(status()?.problem).toMatch(/writing pki\/issue\/shop .*unknown role: shop/);
  expect(status()?.failures).toBeGreaterThan(10);
  expect(refresher.served('shop')).toBe(first);
  await putRole(bao, 'shop', ROLE);
  expect(await minutesToNext(3)).toBeLessThanOrEqual(2);
  expect(status()).toMatchObject({ problem: undefined, failures: 0 });
});
