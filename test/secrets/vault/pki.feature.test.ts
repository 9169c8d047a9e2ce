import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkMaterial } from '../../../src/secrets/material.ts';
import type { SecretStore, SecretVersion } from '../../../src/secrets/store.ts';
import { tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { mountPki, putRole } from './pki.ts';
import { readWhole, textOf, tokenWith, vaultStoreAt } from './vault-store.ts';

const HOUR = 3_600_000;
const never = new AbortController().signal;

let bao: OpenBao;
let proxy: CountingProxy;
let clock: ManualClock;
let store: SecretStore;

beforeAll(async () => {
  bao = await startOpenBao();
  await mountPki(bao);
  await putRole(bao, 'any', { key_type: 'any' });
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

const ref = (more: Readonly<Record<string, unknown>> = {}) =>
  tlsVaultRef.parse({
    pki: { mount: 'pki', role: 'web', commonName: 'shop.example.com', ttl: '3h', ...more },
  });

const leafOf = ({ parts }: SecretVersion) => new X509Certificate(textOf(parts['certificate']));
const issues = () => proxy.calls.filter((call) => /^POST pki\/(issue|sign)\//.test(call));

describe('a certificate that is issued', () => {
  test.for([
    ['made by the role', {}, 'ec', 'P-256'],
    ['ec', { keyType: 'ec' }, 'ec', 'P-256'],
    ['ec 384', { keyType: 'ec', keyBits: 384 }, 'ec', 'P-384'],
    ['ec 521', { keyType: 'ec', keyBits: 521 }, 'ec', 'P-521'],
    ['rsa', { keyType: 'rsa' }, 'rsa', '2048'],
    ['rsa 3072', { keyType: 'rsa', keyBits: 3072 }, 'rsa', '3072'],
    ['ed25519', { keyType: 'ed25519' }, 'ed25519', ''],
  ] as const)('with a key %s has all names, its key and its chain', async ([, key, type, size]) => {
    const role = Object.keys(key).length === 0 ? 'web' : 'any';
    const names = {
      altNames: ['www.example.com', '*.shop.example.com'],
      ipSans: ['10.0.0.7', 'fd00::7'],
      uriSans: ['spiffe://example.com/shop'],
    };
    const version = await readWhole(store, ref({ role, ...key, ...names }));
    const leaf = leafOf(version);
    const found = leaf.subjectAltName?.split(', ').sort();
    expect(found).toEqual([
      'DNS:*.shop.example.com',
      'DNS:shop.example.com',
      'DNS:www.example.com',
      'IP Address:10.0.0.7',
      'IP Address:FD00:0:0:0:0:0:0:7',
      'URI:spiffe://example.com/shop',
    ]);
    expect(leaf.subject).toBe('CN=shop.example.com');
    const made = createPrivateKey(textOf(version.parts['privateKey']));
    expect(leaf.checkPrivateKey(made)).toBe(true);
    expect(made.asymmetricKeyType).toBe(type);
    expect(sizeOf(made.asymmetricKeyDetails)).toBe(size);
    expect(issues()).toEqual([`POST pki/${role === 'web' ? 'issue/web' : 'sign/any'}`]);
    expect(version.version).toBe(serialOf(leaf));
    const { problem } = checkMaterial('tls', version, Date.now());
    expect(problem).toBeUndefined();
  });

  test('BAD12: comes with what signed it, leaf first and without the root', async () => {
    const { parts } = await readWhole(store, ref());
    const blocks = textOf(parts['certificate']).match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    const chain = blocks.map((block) => new X509Certificate(block));
    expect(chain.map(({ subject }) => subject)).toEqual(['CN=shop.example.com', 'CN=issuing']);
    const [leaf, issuing] = chain;
    expect(issuing && leaf?.checkIssued(issuing)).toBe(true);
  });

  test('of a root has nothing above it', async () => {
    await bao.call('POST', 'root/roles/web', { allow_any_name: true, key_type: 'ec', key_bits: 256 });
    const { parts } = await readWhole(store, ref({ mount: 'root' }));
    expect(textOf(parts['certificate']).match(/BEGIN/g)).toHaveLength(1);
  });

  test('names from the call count where the role takes none from the request', async () => {
    await putRole(bao, 'strict', { key_type: 'any', use_csr_common_name: false, use_csr_sans: false });
    const version = await readWhole(
      store,
      ref({ role: 'strict', keyType: 'ec', altNames: ['b.example.com'] }),
    );
    const leaf = leafOf(version);
    expect(leaf.subject).toBe('CN=shop.example.com');
    expect(leaf.subjectAltName).toMatch(/DNS:b\.example\.com/);
  });
});

describe('a certificate is kept', () => {
  test('and issued once, however many read it at once and later', async () => {
    const reads = await Promise.all([1, 2, 3, 4].map(() => store.read(ref(), never)));
    await clock.advance(HOUR);
    reads.push(await store.read(ref(), never, reads[0]?.version));
    expect(new Set(reads.map((read) => read?.version)).size).toBe(1);
    expect(reads.at(-1)?.parts).toBeUndefined();
    expect(issues()).toHaveLength(1);
  });

  test('for each reference its own', async () => {
    const [a, b] = await Promise.all([
      readWhole(store, ref()),
      readWhole(store, ref({ commonName: 'other.example.com' })),
    ]);
    expect(a.version).not.toBe(b.version);
    expect(issues()).toHaveLength(2);
  });

  test('until two thirds of its life, and says when that is', async () => {
    const first = await readWhole(store, ref());
    expect(first.checkAgainMs).toBeGreaterThan(1.98 * HOUR);
    expect(first.checkAgainMs).toBeLessThan(2.02 * HOUR);
    await clock.advance((first.checkAgainMs ?? 0) - 1);
    const last = await store.read(ref(), never, first.version);
    expect(last).toMatchObject({ version: first.version, checkAgainMs: 1 });
    await clock.advance(1);
    const second = await store.read(ref(), never, first.version);
    expect(second?.version).not.toBe(first.version);
    expect(second?.parts).toBeDefined();
  });

  test('spread by a tenth between replicas', async () => {
    for (const [random, hours] of [
      [0, 1.8],
      [1, 2.2],
    ] as const) {
      const replica = vaultStoreAt({ url: proxy.url, clock, random: () => random });
      const { checkAgainMs } = await readWhole(replica, ref());
      await replica.close?.();
      expect((checkAgainMs ?? 0) / HOUR).toBeCloseTo(hours, 1);
    }
  });

  test('no longer because the clock was put back', async () => {
    const first = await readWhole(store, ref());
    clock.step(-2 * HOUR);
    await store.read(ref(), never, first.version);
    await clock.advance(2.02 * HOUR);
    expect((await store.read(ref(), never, first.version))?.version).not.toBe(first.version);
  });

  test('FAULT7: while no new one can be had, and got as soon as that is mended', async () => {
    await putRole(bao, 'passing', { key_type: 'ec', key_bits: 256 });
    const first = await readWhole(store, ref({ role: 'passing' }));
    await bao.call('DELETE', 'pki/roles/passing');
    await clock.advance(2.1 * HOUR);
    const failed = store.read(ref({ role: 'passing' }), never, first.version);
    await expect(failed).rejects.toThrow(/writing pki\/issue\/passing .*unknown role/);
    await putRole(bao, 'passing', { key_type: 'ec', key_bits: 256 });
    const next = await store.read(ref({ role: 'passing' }), never, first.version);
    expect(next?.parts).toBeDefined();
  });
});

describe('what a role does not allow', () => {
  test('FAULT7: a name (lease refused) is told in words', async () => {
    await expect(store.read(ref({ commonName: 'shop.example.org' }), never)).rejects.toThrow(
      /writing pki\/issue\/web was refused: .*shop\.example\.org/,
    );
  });

  test('a longer life is served shorter, with a warning', async () => {
    const { warnings, checkAgainMs } = await readWhole(store, ref({ ttl: '100h' }));
    expect(warnings?.join()).toMatch(/issued for 72 h and not for 100h: the role web or the mount pki/);
    expect((checkAgainMs ?? 0) / HOUR).toBeCloseTo(48, 0);
  });

  test('BAD12: a certificate that cannot be served is issued anew a minute later, for a role that was mended', async () => {
    const role = { key_type: 'ec', key_bits: 256 };
    await putRole(bao, 'mended', { ...role, key_usage: ['KeyEncipherment'] });
    const bad = await readWhole(store, ref({ role: 'mended' }));
    const check = checkMaterial('tls', bad, clock.now());
    expect(check.problem).toMatch(/its key usage lacks digitalSignature/);
    await putRole(bao, 'mended', role);
    await clock.advance(59_000);
    expect((await readWhole(store, ref({ role: 'mended' }))).version).toBe(bad.version);
    await clock.advance(1000);
    const good = await readWhole(store, ref({ role: 'mended' }));
    expect(checkMaterial('tls', good, clock.now()).problem).toBeUndefined();
  });

  test('the policy of our login is told with what it lacks', async () => {
    const token = await tokenWith(bao, 'nothing', 'path "none" { capabilities = ["read"] }');
    const poor = vaultStoreAt({ url: proxy.url, clock, token });
    const refused = poor.read(ref(), never);
    await expect(refused).rejects.toThrow(/is forbidden.*needs update on pki\/issue\/web/);
    await poor.close?.();
  });
});

function sizeOf(details: { readonly namedCurve?: string; readonly modulusLength?: number } | undefined) {
  const curves: Readonly<Record<string, string>> = {
    prime256v1: 'P-256',
    secp384r1: 'P-384',
    secp521r1: 'P-521',
  };
  return curves[details?.namedCurve ?? ''] ?? String(details?.modulusLength ?? '');
}

function serialOf({ serialNumber }: X509Certificate): string {
  return serialNumber.toLowerCase().match(/../g)?.join(':') ?? '';
}
