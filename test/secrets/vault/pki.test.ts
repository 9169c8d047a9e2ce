import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { readAuthorities } from '../../../src/secrets/vault/pki/authorities.ts';
import { answering, good, issuedRef, leaf, middle, reading, root, start } from './fake-pki.ts';
import { textOf } from './vault-store.ts';

const DAY = 86_400_000;
const never = new AbortController().signal;

describe('answers of the PKI engine', () => {
  test.for([
    ['the whole chain', {}, ['a.example.com', 'middle']],
    ['no chain but the issuer', { ca_chain: null }, ['a.example.com', 'middle']],
    ['a root as its issuer', { ca_chain: undefined, issuing_ca: root.certificate }, ['a.example.com']],
    ['nothing above', { ca_chain: [], issuing_ca: '' }, ['a.example.com']],
  ] as const)('with %s', async ([, more, subjects]) => {
    const { issuing } = answering(() => ({ data: { ...good, ...more } }));
    const { parts } = await issuing.read(reading());
    const names = { [leaf.certificate]: 'a.example.com', [middle.certificate]: 'middle' };
    const blocks = textOf(parts?.['certificate']).split(/(?<=END CERTIFICATE-----\n)/);
    expect(blocks.map((block) => names[block])).toEqual(subjects);
  });

  test.for([
    ['no key', { private_key: undefined }, /pki\/issue\/web: the answer holds no key/],
    ['a damaged certificate', { certificate: '-----BEGIN CERTIFICATE-----\nAAAA' }, /cannot be parsed/],
    ['no certificate', { certificate: undefined }, /does not look like Vault's/],
    ['a serial number that is none', { serial_number: '<b>' }, /does not look like Vault's/],
  ] as const)('P5: with %s are refused in words, without what they hold', async ([, more, words]) => {
    const { issuing } = answering(() => ({ data: { ...good, ...more } }));
    const error: unknown = await issuing.read(reading()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VaultFault);
    expect(String(error)).toMatch(words);
    const marker = leaf.privateKey.split('\n')[1] ?? '';
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(marker);
  });

  test('hold all that was asked for', async () => {
    const { issuing, written } = answering(() => ({ data: good }));
    const names = { altNames: ['b.example.com', 'c.example.com'], uriSans: ['spiffe://a/b,c'] };
    await issuing.read(reading(issuedRef({ mount: 'a b/pki', ttl: '1.5h', ...names })));
    expect(written).toEqual([
      {
        path: 'a%20b/pki/issue/web',
        body: {
          common_name: 'a.example.com',
          alt_names: 'b.example.com,c.example.com',
          ip_sans: [],
          uri_sans: ['spiffe://a/b,c'],
          ttl: '5400s',
          format: 'pem',
          private_key_format: 'pkcs8',
        },
      },
    ]);
  });
});

describe('when to issue', () => {
  test('a certificate that is over by our clock is not asked for without end', async () => {
    const { issuing, clock, written } = answering(() => ({ data: good }));
    clock.step(4 * DAY);
    const { checkAgainMs } = await issuing.read(reading());
    expect(checkAgainMs).toBe(60_000);
    await issuing.read(reading());
    expect(written).toHaveLength(1);
  });

  test('a certificate that begins long ago is renewed by what is left of it', async () => {
    const { issuing, clock } = answering(() => ({ data: good }));
    clock.step(1.5 * DAY);
    const { checkAgainMs } = await issuing.read(reading());
    expect(checkAgainMs).toBeCloseTo(DAY, -5);
  });

  test('one who gives up leaves the others with what is issued', async () => {
    const gate = Promise.withResolvers<void>();
    const { issuing, written } = answering(async () => {
      await gate.promise;
      return { data: good };
    });
    const impatient = new AbortController();
    const left = issuing.read(reading(issuedRef(), impatient.signal));
    const kept = issuing.read(reading());
    impatient.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    gate.resolve();
    expect((await kept).version).toBe('1a:2b:3c');
    expect(written).toHaveLength(1);
  });
});

test('a root whose chain an old Vault leaves empty is read by itself', async () => {
  const asked: string[] = [];
  const read = async (path: string) => {
    asked.push(path);
    return { data: { certificate: path.endsWith('/ca') ? root.certificate : '' } };
  };
  const options = { read, intervalMs: 1000, hmacKey: new SecretBytes(new Uint8Array(32)), now: () => start };
  const { parts } = await readAuthorities(
    { ref: { mount: 'root', crl: false }, known: undefined, signal: never },
    options,
  );
  expect(textOf(parts?.['certificates'])).toBe(root.certificate);
  expect(asked).toEqual(['root/cert/ca_chain', 'root/cert/ca']);
});
