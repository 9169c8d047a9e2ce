import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { SecretKind } from '../../src/model/config.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { makeCa, makeCertificate, makeCrl } from './certificates.ts';
import { pairCases } from './material-cases.ts';

const now = Date.now();
const cases = await pairCases(now);

describe('checkMaterial: certificate pairs (BAD12)', () => {
  test.for(cases)('$name', ({ certificate, privateKey, fault, warning }) => {
    const { secret, problem, warnings } = check('tls', { certificate, privateKey });
    if (fault !== undefined) {
      expect(secret).toBeUndefined();
      expect(problem).toMatch(fault);
      return;
    }
    expect(problem).toBeUndefined();
    expect(secret).toMatchObject({ kind: 'tls', version: 'v1', names: ['a.example.com', '*.b.example.com'] });
    if (warning === undefined) expect(warnings).toEqual([]);
    else expect(warnings.join()).toMatch(warning);
  });

  test('the chain comes out leaf first, whatever its order was', async () => {
    const root = await makeCa();
    const middle = await makeCa({ issuer: root, name: 'middle' });
    const leaf = await makeCertificate({ names: ['a'], issuer: middle });
    const { secret } = check('tls', {
      certificate: middle.certificate + leaf.certificate,
      privateKey: leaf.privateKey,
    });
    expect(secret?.kind === 'tls' && Buffer.from(secret.certificateChain).toString()).toBe(leaf.chain);
  });

  test('the end is that of the member that ends first', async () => {
    const middle = await makeCa({ issuer: await makeCa(), days: 5, name: 'middle' });
    const leaf = await makeCertificate({ names: ['a'], issuer: middle, days: 20 });
    const { secret } = check('tls', { certificate: leaf.chain, privateKey: leaf.privateKey });
    const days = secret?.kind === 'tls' ? (secret.notAfter - now) / 86_400_000 : 0;
    expect(days).toBeCloseTo(5, 1);
  });

  test('DER in place of PEM is named as what it is', async () => {
    const { certificate, privateKey } = await makeCertificate({ names: ['a'] });
    const der = Buffer.from(certificate.split('\n').slice(1, -2).join(''), 'base64');
    const parts = { certificate: new SecretBytes(der), privateKey: SecretBytes.fromUtf8(privateKey) };
    expect(checkMaterial('tls', { version: 'v1', parts }, now).problem).toMatch(
      /binary \(DER or PKCS #12\), not PEM/,
    );
  });

  test('1 MB of PEM is refused in words', async () => {
    const { certificate, privateKey } = await makeCertificate({ names: ['a'] });
    const many = certificate.repeat(Math.floor(1_000_000 / certificate.length));
    expect(check('tls', { certificate: many, privateKey }).problem).toMatch(
      /\d{4} certificates; .* at most 32/,
    );
    expect(check('tls', { certificate: certificate.repeat(3000), privateKey }).problem).toMatch(
      /PEM of more than/,
    );
    expect(
      check('tls', { certificate, privateKey: `${privateKey}${'x'.repeat(1_000_000)}` }).problem,
    ).toBeUndefined();
  });

  test.for(['certificate', 'privateKey'])('without its %s it is refused', (part) => {
    const { certificate = '', privateKey = '' } = cases[0] ?? {};
    const parts = part === 'certificate' ? { privateKey } : { certificate };
    expect(check('tls', parts).problem).toMatch(/is missing/);
  });
});

describe('checkMaterial: CAs', () => {
  test('a bundle, its expired members left out, with a revocation list', async () => {
    const good = await makeCa({ name: 'good' });
    const old = await makeCa({ name: 'old', from: new Date(now - 3 * 86_400_000), days: 1 });
    const { secret, warnings } = check('ca', {
      certificates: old.certificate + good.certificate + good.certificate,
      crl: await makeCrl(good),
    });
    expect(secret?.kind === 'ca' && Buffer.from(secret.certificates).toString()).toBe(good.certificate);
    expect(secret?.kind === 'ca' && secret.crl?.length).toBeGreaterThan(100);
    expect(warnings.join()).toMatch(/CN=old expired on .* left out/);
  });

  test('all expired', async () => {
    const old = await makeCa({ name: 'old', from: new Date(now - 3 * 86_400_000), days: 1 });
    expect(check('ca', { certificates: old.certificate }).problem).toMatch(/CN=old expired/);
  });

  test('a revocation list that is none', async () => {
    const good = await makeCa();
    const crl = good.certificate.replaceAll('CERTIFICATE', 'X509 CRL').replace(/\n.{10}/, '\nMIIBIjCCAQ');
    expect(check('ca', { certificates: good.certificate, crl }).problem).toMatch(/X509 CRL/);
  });
});

describe('checkMaterial: values', () => {
  test('any bytes', () => {
    expect(check('value', { value: 'token' }).secret).toMatchObject({ kind: 'value', version: 'v1' });
  });

  test('empty and huge ones are refused', () => {
    expect(check('value', { value: '' }).problem).toBe('the value is empty');
    expect(check('value', { value: 'x'.repeat(65_537) }).problem).toMatch(/at most 65536/);
  });
});

test('P5: no byte of a key is in anything that is said of it', () => {
  for (const { certificate, privateKey } of cases) {
    const checked = check('tls', { certificate, privateKey });
    const said = [
      JSON.stringify(checked),
      inspect(checked, { depth: 9, showHidden: true }),
      String(checked.secret),
    ];
    for (const piece of keyPieces(privateKey)) expect(said.join()).not.toContain(piece);
  }
});

/** Lines of the key's base64 that could betray it. */
function keyPieces(privateKey: string): string[] {
  const blocks = privateKey.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+/g) ?? [];
  return blocks.flatMap((block) => block.split(/\r?\n/).filter((line) => /^[A-Za-z0-9+/]{24,}/.test(line)));
}

function check(kind: SecretKind, parts: Record<string, string>) {
  const bytes = Object.entries(parts).map(([name, text]) => [name, SecretBytes.fromUtf8(text)]);
  return checkMaterial(kind, { version: 'v1', parts: Object.fromEntries(bytes) }, now);
}
