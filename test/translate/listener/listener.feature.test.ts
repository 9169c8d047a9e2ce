import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { TranslatedResource } from '../../../src/translate/resource.ts';
import { secretResource } from '../../../src/translate/secret.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { requestOnce } from '../../parts/requests.ts';
import {
  type KeyAlgorithm,
  type MadeCertificate,
  makeCa,
  makeCertificate,
} from '../../secrets/certificates.ts';
import { echoOf, type GoldenEnvoy, startGolden } from '../golden-envoy.ts';

let running: GoldenEnvoy | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('redirect-to-https: every request, whatever its host and port', async () => {
  running = await startGolden('listener/redirect-to-https');
  const answer = await running.ask('/a?b=c', { headers: { host: 'any.test:10000' } });
  expect([answer.status, answer.headers.location]).toEqual([308, 'https://any.test:8443/a?b=c']);
});

test('tls: a chain per hostname, ALPN, and only the chain without a certificate is left out', async () => {
  const ca = await makeCa();
  const secrets = await Promise.all([
    secret('shop-rsa', ca, ['shop.example.com', 'www.example.com'], 'rsa2048'),
    secret('wild', ca, ['*.example.org'], 'p256'),
  ]);
  running = await startGolden('listener/tls', {}, { secrets });
  const { port } = running;
  const url = `https://127.0.0.1:${port}/`;
  for (const servername of ['shop.example.com', 'www.example.com', 'x.example.org']) {
    const answer = await requestOnce({ url, servername, ca: ca.certificate });
    expect(echoOf(answer).headers['x-forwarded-proto']).toBe('https');
  }
  const hello = { port, ca: ca.certificate, servername: 'shop.example.com' };
  expect(await handshake({ ...hello, ALPNProtocols: ['h2'] })).toMatchObject({
    alpn: 'h2',
    version: 'TLSv1.3',
  });
  expect(await handshake({ ...hello, maxVersion: 'TLSv1.2' })).toMatchObject({ version: 'TLSv1.2' });
  await expect(handshake({ ...hello, maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow();
  await expect(handshake({ ...hello, servername: 'stranger.test' })).rejects.toThrow();
});

interface Hello {
  readonly alpn: string | false | null;
  readonly version: string | null;
  readonly names: string;
}

function handshake(options: object): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...options }, () => {
      const names = socket.getPeerCertificate().subjectaltname ?? '';
      resolve({ alpn: socket.alpnProtocol, version: socket.getProtocol(), names });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function secret(
  name: string,
  issuer: MadeCertificate,
  names: readonly string[],
  algorithm: KeyAlgorithm,
): Promise<TranslatedResource> {
  const made = await makeCertificate({ issuer, names, algorithm });
  const certificateChain = Buffer.from(made.chain);
  const privateKey = SecretBytes.fromUtf8(made.privateKey);
  const material = { kind: 'tls', certificateChain, privateKey } as const;
  return secretResource(
    { name, origin: { object: `secrets/${name}` }, version: '1', material },
    loadRegistry(),
  );
}
