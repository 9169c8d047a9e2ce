import { describe, expect, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { validateWithEnvoy } from '../parts/envoy.ts';
import { makeCa, makeCrl } from './certificates.ts';
import { pairCases } from './material-cases.ts';
import { inline, tlsBootstrap } from './tls-bootstrap.ts';

const now = Date.now();
const cases = await pairCases(now);

describe('what the check accepts, a real Envoy loads (BAD12)', () => {
  test.for(cases.filter((one) => one.fault === undefined))('$name', async ({ certificate, privateKey }) => {
    const parts = {
      certificate: SecretBytes.fromUtf8(certificate),
      privateKey: SecretBytes.fromUtf8(privateKey),
    };
    const { secret } = checkMaterial('tls', { version: 'v', parts }, now);
    if (secret?.kind !== 'tls') return expect.unreachable();
    await validateWithEnvoy(
      tlsBootstrap({ certificate: secret.certificateChain, privateKey: secret.privateKey.reveal() }),
    );
  });

  test.for(cases)('as it is: $name', async ({ certificate, privateKey, envoyTakesItRaw }) => {
    const raw = tlsBootstrap({ certificate: Buffer.from(certificate), privateKey: Buffer.from(privateKey) });
    const taken = await validateWithEnvoy(raw).then(
      () => true,
      () => false,
    );
    expect(taken).toBe(envoyTakesItRaw);
  });

  test('a CA bundle with a revocation list', async () => {
    const ca = await makeCa();
    const other = await makeCa({ algorithm: 'ed25519', name: 'other' });
    const parts = {
      certificates: SecretBytes.fromUtf8(ca.certificate + other.certificate),
      crl: SecretBytes.fromUtf8(await makeCrl(ca)),
    };
    const { secret } = checkMaterial('ca', { version: 'v', parts }, now);
    const pair = cases[0];
    if (secret?.kind !== 'ca' || pair === undefined) return expect.unreachable();
    const validation = {
      trusted_ca: inline(secret.certificates),
      crl: inline(secret.crl ?? Buffer.alloc(0)),
    };
    const raw = { certificate: Buffer.from(pair.certificate), privateKey: Buffer.from(pair.privateKey) };
    await validateWithEnvoy(tlsBootstrap(raw, validation));
  });
});
