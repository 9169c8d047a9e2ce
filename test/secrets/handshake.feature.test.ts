import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { startEnvoy } from '../parts/envoy.ts';
import { makeCa, makeCertificate } from './certificates.ts';
import { tlsBootstrap } from './tls-bootstrap.ts';

test.for(['p256', 'p384', 'p521', 'rsa2048', 'ed25519'] as const)(
  '%s: a client verifies what a real Envoy serves',
  async (algorithm) => {
    const ca = await makeCa();
    const middle = await makeCa({ issuer: ca, name: 'middle' });
    const made = await makeCertificate({ names: ['a.example.com'], issuer: middle, algorithm });
    const parts = {
      certificate: SecretBytes.fromUtf8(middle.certificate + made.certificate),
      privateKey: SecretBytes.fromUtf8(made.privateKey),
    };
    const { secret } = checkMaterial('tls', { version: 'v', parts }, Date.now());
    if (secret?.kind !== 'tls') return expect.unreachable();
    const pair = { certificate: secret.certificateChain, privateKey: secret.privateKey.reveal() };
    const envoy = await startEnvoy({ bootstrap: tlsBootstrap(pair) });
    try {
      await envoy.ready();
      const port = /127\.0\.0\.1:(\d+)/.exec(await envoy.admin.get('/listeners'))?.[1];
      expect(await handshake(Number(port), ca.certificate)).toBe(true);
    } finally {
      await envoy.stop();
    }
  },
);

function handshake(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'a.example.com' }, () => {
      resolve(socket.authorized);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
