import { expect, test } from 'vitest';
import { caVaultRef, tlsVaultRef, valueVaultRef } from '../../../src/secrets/vault/refs.ts';

test.for([
  ['altNames', ['a,b.example.com']],
  ['altNames', ['a b']],
  ['ipSans', ['10.0.0']],
  ['uriSans', ['no uri']],
  ['ttl', '10s'],
  ['ttl', '3 days'],
  ['keyBits', 256],
] as const)('the schema refuses %s: %s', ([key, value]) => {
  const pki = { mount: 'pki', role: 'web', commonName: 'a.example.com', [key]: value };
  expect(tlsVaultRef.safeParse({ pki }).success).toBe(false);
  expect(tlsVaultRef.safeParse({ pki: { ...pki, [key]: undefined } }).success).toBe(true);
});

test.for([
  { mount: 'kv', path: 'shop', certificate: 'fullchain', privateKey: 'key' },
  { mount: 'kv', path: 'shop', bundle: 'pem', version: 3, engine: 2 },
  {
    pki: { mount: 'pki', role: 'web', commonName: 'a.example.com', ttl: '72h', keyType: 'ec', keyBits: 384 },
  },
])('a pair is written %o', (ref) => {
  expect(tlsVaultRef.safeParse(ref).success).toBe(true);
  // A reference is parsed again where it is read.
  expect(tlsVaultRef.parse(tlsVaultRef.parse(ref))).toEqual(tlsVaultRef.parse(ref));
});

test('what is half one form and half the other is refused, with both in words', () => {
  const half = { mount: 'kv', path: 'shop', certificate: 'fullchain' };
  for (const ref of [half, { ...half, pki: {} }, {}, 'kv/shop', null]) {
    const message = tlsVaultRef.safeParse(ref).error?.issues[0]?.message;
    expect(message).toMatch(/mount and path with certificate and privateKey, or with bundle; or pki with/);
  }
  expect(caVaultRef.safeParse({ mount: 'kv', path: 'ca', certificates: 'ca', crl: 'crl' }).success).toBe(
    true,
  );
  expect(caVaultRef.safeParse({ pki: { mount: 'pki', crl: true } }).success).toBe(true);
  expect(caVaultRef.safeParse({ pki: { mount: 'pki', role: 'web' } }).success).toBe(false);
  expect(valueVaultRef.safeParse({ mount: 'kv', path: 'api' }).success).toBe(false);
});
