import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkMaterial } from '../../../src/secrets/material.ts';
import type { SecretStore, SecretVersion } from '../../../src/secrets/store.ts';
import { type OpenBao, startOpenBao } from '../../parts/openbao.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { issuedRef, mountPki, putRole } from './pki.ts';
import { readWhole, textOf, vaultStoreAt } from './vault-store.ts';

let bao: OpenBao;
let proxy: CountingProxy;
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
  store = vaultStoreAt({ url: proxy.url });
});
afterEach(() => store.close?.());

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
    const version = await readWhole(store, issuedRef({ role, ...key, ...names }));
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
    const { parts } = await readWhole(store, issuedRef());
    const blocks = textOf(parts['certificate']).match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    const chain = blocks.map((block) => new X509Certificate(block));
    expect(chain.map(({ subject }) => subject)).toEqual(['CN=shop.example.com', 'CN=issuing']);
    const [leaf, issuing] = chain;
    expect(issuing && leaf?.checkIssued(issuing)).toBe(true);
  });

  test('of a root has nothing above it', async () => {
    await bao.call('POST', 'root/roles/web', { allow_any_name: true, key_type: 'ec', key_bits: 256 });
    const { parts } = await readWhole(store, issuedRef({ mount: 'root' }));
    expect(textOf(parts['certificate']).match(/BEGIN/g)).toHaveLength(1);
  });

  test('names from the call count where the role takes none from the request', async () => {
    await putRole(bao, 'strict', { key_type: 'any', use_csr_common_name: false, use_csr_sans: false });
    const version = await readWhole(
      store,
      issuedRef({ role: 'strict', keyType: 'ec', altNames: ['b.example.com'] }),
    );
    const leaf = leafOf(version);
    expect(leaf.subject).toBe('CN=shop.example.com');
    expect(leaf.subjectAltName).toMatch(/DNS:b\.example\.com/);
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
