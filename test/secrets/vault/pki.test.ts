import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { VaultCalls } from '../../../src/secrets/vault/calls.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { readAuthorities } from '../../../src/secrets/vault/pki/authorities.ts';
import { Issuing } from '../../../src/secrets/vault/pki/issuing.ts';
import { type IssuedRef, tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import { manualClock } from '../../discovery/manual-clock.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { textOf } from './vault-store.ts';

const DAY = 86_400_000;
const never = new AbortController().signal;
const start = Date.now();

const root = await makeCa({ name: 'root' });
const middle = await makeCa({ name: 'middle', issuer: root });
const leaf = await makeCertificate({
  names: ['a.example.com'],
  issuer: middle,
  days: 3,
  from: new Date(start),
});

const good = {
  certificate: leaf.certificate,
  issuing_ca: middle.certificate,
  ca_chain: [middle.certificate, root.certificate],
  serial_number: '1a:2b:3c',
  private_key: leaf.privateKey,
};

function issuedRef(more: Readonly<Record<string, unknown>> = {}): IssuedRef {
  const ref = tlsVaultRef.parse({
    pki: { mount: 'pki', role: 'web', commonName: 'a.example.com', ...more },
  });
  return 'pki' in ref ? ref.pki : expect.unreachable('the reference is one to PKI');
}

/** Vault answers every write with this, and remembers what was written. */
function answering(answer: (turn: number, signal: AbortSignal) => unknown) {
  const written: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
  const calls: VaultCalls = {
    read: async () => expect.unreachable('nothing is read'),
    write: async (path, body, signal) => {
      written.push({ path, body });
      return await answer(written.length, signal);
    },
  };
  const clock = manualClock(start);
  return { written, clock, issuing: new Issuing({ calls, clock, random: () => 0.5 }) };
}

const reading = (ref = issuedRef(), signal = never) => ({ ref, known: undefined, signal });

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

  test('the end of the store ends what runs', async () => {
    const { issuing } = answering(
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const read = issuing.read(reading());
    await issuing.close({ revoke: false, signal: never });
    await expect(read).rejects.toThrow('the store is closed');
  });

  test('a hundred certificates are revoked though some cannot be', async () => {
    const serial = (turn: number) => `aa:${String(turn).padStart(4, '0').replace(/(..)/, '$1:')}`;
    const { issuing, written } = answering((turn) => {
      if (turn <= 100) return { data: { ...good, serial_number: serial(turn) } };
      if (turn % 10 === 0) throw new VaultFault('down', 'no');
      return undefined;
    });
    for (let n = 0; n < 100; n += 1)
      await issuing.read(reading(issuedRef({ commonName: `n${n}.example.com` })));
    const closed = issuing.close({ revoke: true, signal: never });
    await expect(closed).rejects.toThrow('10 of 100 certificates could not be revoked: no');
    const revoked = written.slice(100).map(({ path, body }) => `${path} ${body['serial_number']}`);
    expect(revoked).toEqual(Array.from({ length: 100 }, (_, n) => `pki/revoke ${serial(n + 1)}`));
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
