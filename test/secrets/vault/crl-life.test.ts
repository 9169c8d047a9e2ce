import { expect, test } from 'vitest';
import { crlWarnings } from '../../../src/secrets/vault/pki/crl-life.ts';
import { makeCa, makeCrl } from '../certificates.ts';

const DAY = 86_400_000;
const crl = await makeCrl(await makeCa());

const warnings = (pem: string, inDays: number) =>
  crlWarnings('pki', Buffer.from(pem), Date.now() + inDays * DAY);

test('a revocation list of a day is told from nine tenths of it on', () => {
  expect(warnings(crl, 0)).toEqual([]);
  expect(warnings(crl, 0.85)).toEqual([]);
  expect(warnings(crl, 0.95)[0]).toMatch(/ends at/);
  expect(warnings(crl, 1.1)[0]).toMatch(/ended at/);
});

test('BAD12: one that is cut or changed at any place throws nothing here', () => {
  const der = Buffer.from(crl.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const wrap = (bytes: Buffer) =>
    `-----BEGIN X509 CRL-----\n${bytes.toString('base64')}\n-----END X509 CRL-----\n`;
  expect(warnings(wrap(der), 2)).toHaveLength(1);
  for (let at = 0; at < der.length; at += 1) {
    expect(warnings(wrap(der.subarray(0, at)), 2).length).toBeLessThanOrEqual(1);
    for (const byte of [0x00, 0x39, 0x7f, 0x80, 0x84, 0xff]) {
      const changed = Buffer.from(der);
      changed[at] = byte;
      expect(warnings(wrap(changed), 2).length).toBeLessThanOrEqual(1);
    }
  }
  for (const text of ['', 'no PEM', '-----BEGIN X509 CRL-----']) expect(warnings(text, 2)).toEqual([]);
});
