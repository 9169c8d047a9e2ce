import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkMaterial } from '../../../src/secrets/material.ts';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { caVaultRef } from '../../../src/secrets/vault/refs.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { issuedRef, mountPki, revokedSerials } from './pki.ts';
import { readWhole, textOf, tokenWith, vaultStoreAt } from './vault-store.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;

let bao: OpenBao;
let clock: ManualClock;
let store: SecretStore;

beforeAll(async () => {
  bao = await startOpenBao();
  await mountPki(bao);
});
afterAll(() => bao?.stop());
beforeEach(() => {
  clock = manualClock(Date.now());
  store = vaultStoreAt({ url: bao.url, clock });
});
afterEach(() => store.close?.());

const authorities = (mount: string, crl = false) => caVaultRef.parse({ pki: { mount, crl } });

describe('the authorities of a PKI mount', () => {
  test.for(['pki', 'root'])('%s are its chain, and pass the check', async (mount) => {
    const version = await readWhole(store, authorities(mount));
    expect(Object.keys(version.parts)).toEqual(['certificates']);
    const [first] = textOf(version.parts['certificates']).split(/(?<=-----END CERTIFICATE-----)/);
    expect(new X509Certificate(first ?? '').subject).toBe(mount === 'pki' ? 'CN=issuing' : 'CN=root');
    const { secret, problem } = checkMaterial('ca', version, Date.now());
    expect(problem).toBeUndefined();
    expect(secret).toMatchObject({ kind: 'ca' });
    expect(version.checkAgainMs).toBe(15_000);
  });

  test('known ones come without parts', async () => {
    const { version } = await readWhole(store, authorities('pki'));
    expect(await store.read(authorities('pki'), never, version)).toEqual({ version, checkAgainMs: 15_000 });
  });

  test('with the revocation list are another version when something is revoked', async () => {
    const before = await readWhole(store, authorities('pki', true));
    const { version: serial } = await readWhole(store, issuedRef());
    await bao.call('POST', 'pki/revoke', { serial_number: serial });
    const after = await readWhole(store, authorities('pki', true));
    expect(after.version).not.toBe(before.version);
    expect(revokedSerials(textOf(after.parts['crl']))).toContain(serial);
    const { secret, problem } = checkMaterial('ca', after, Date.now());
    expect(problem).toBeUndefined();
    expect(secret).toHaveProperty('crl');
  });

  test('with a revocation list that nobody makes anew are served, and its end is told before', async () => {
    const warned = async () => (await readWhole(store, authorities('pki', true))).warnings?.join() ?? '';
    expect(await warned()).toBe('');
    await clock.advance(60 * HOUR);
    expect(await warned()).toBe('');
    await clock.advance(8 * HOUR);
    expect(await warned()).toMatch(
      /^the revocation list of pki ends at 20.*: set auto_rebuild in pki\/config\/crl$/,
    );
    await clock.advance(8 * HOUR);
    expect(await warned()).toMatch(/^the revocation list of pki ended at 20/);
  });

  test('that are not there are a failure in words: nothing would be trusted any more', async () => {
    await bao.call('POST', 'sys/mounts/empty', { type: 'pki' });
    await expect(store.read(authorities('empty'), never)).rejects.toThrow(/empty.*no default issuer/);
    await expect(store.read(authorities('none'), never)).rejects.toThrow(/none\/cert\/ca_chain.*no handler/);
  });
});

describe('at the end', () => {
  const crl = async () => {
    const reader = vaultStoreAt({ url: bao.url });
    const { parts } = await readWhole(reader, authorities('pki', true));
    await reader.close?.();
    return revokedSerials(textOf(parts['crl']));
  };

  test('what was issued is revoked where that is asked for, also what was replaced and is valid yet', async () => {
    const leaving = vaultStoreAt({ url: bao.url, clock, options: { revokeOnShutdown: true } });
    const first = await readWhole(leaving, issuedRef());
    await clock.advance(2.1 * HOUR);
    const second = await readWhole(leaving, issuedRef());
    await leaving.close?.();
    expect(await crl()).toEqual(expect.arrayContaining([first.version, second.version]));
  });

  test('and is not where it is not', async () => {
    const { version } = await readWhole(store, issuedRef());
    await store.close?.();
    expect(await crl()).not.toContain(version);
  });

  test('what ended by itself is left alone', async () => {
    const leaving = vaultStoreAt({ url: bao.url, clock, options: { revokeOnShutdown: true } });
    const { version } = await readWhole(leaving, issuedRef());
    await clock.advance(4 * HOUR);
    await leaving.close?.();
    expect(await crl()).not.toContain(version);
  });

  test('what cannot be revoked is told', async () => {
    const policy = 'path "pki/issue/web" { capabilities = ["update"] }';
    const token = await tokenWith(bao, 'issue-only', policy);
    const leaving = vaultStoreAt({ url: bao.url, clock, token, options: { revokeOnShutdown: true } });
    await readWhole(leaving, issuedRef());
    await expect(leaving.close?.()).rejects.toThrow(
      /1 of 1 certificates could not be revoked: .*needs update on pki\/revoke/,
    );
  });
});
