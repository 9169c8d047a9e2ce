import { X509Certificate } from 'node:crypto';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RefusedCall } from '../../../src/xds/server/options.ts';
import type { Peer } from '../../../src/xds/server/peer.ts';
import { tlsContext, type XdsTls } from '../../../src/xds/server/tls.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { rawClient } from '../raw-client.ts';
import { DELTA, NODE, SOTW, startServer } from './fixture.ts';

const fingerprintOf = ({ certificate }: MadeCertificate): string =>
  new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
const serialOf = ({ certificate }: MadeCertificate): string =>
  new X509Certificate(certificate).serialNumber.toLowerCase();

const SPIFFE = 'spiffe://example.org/group/edge/node/n1';

function serverTls(ca: MadeCertificate, own: MadeCertificate): XdsTls {
  return {
    certificate: Buffer.from(own.chain),
    privateKey: Buffer.from(own.privateKey),
    clientCa: Buffer.from(ca.certificate),
  };
}

async function setUp() {
  const ca = await makeCa();
  const own = await makeCertificate({ issuer: ca, names: ['localhost'], ips: ['127.0.0.1'] });
  const node = await makeCertificate({ issuer: ca, uris: [SPIFFE] });
  return { ca, own, node, tls: serverTls(ca, own) };
}

const secure = (ca: MadeCertificate, node?: MadeCertificate) =>
  node === undefined
    ? credentials.createSsl(Buffer.from(ca.certificate))
    : credentials.createSsl(
        Buffer.from(ca.certificate),
        Buffer.from(node.privateKey),
        Buffer.from(node.chain),
      );

describe('mTLS', () => {
  it('tells identify what the certificate proves', async () => {
    const { ca, node, tls } = await setUp();
    const peers: Peer[] = [];
    const { client } = await startServer({
      tls,
      identify: (_, peer) => {
        peers.push(peer);
        return { key: 'edge' };
      },
    });
    const stream = client(secure(ca, node)).stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await stream.next();
    expect(peers).toEqual([
      {
        address: '127.0.0.1',
        uriSans: [SPIFFE],
        certificateNotAfter: expect.any(Number),
        certificateFingerprint: fingerprintOf(node),
        certificateSerial: serialOf(node),
        loopback: true,
        encrypted: true,
      },
    ]);
  });

  it('refuses a client without certificate or with one of another CA', async () => {
    const { ca, tls } = await setUp();
    const stranger = await makeCertificate({ issuer: await makeCa(), uris: [SPIFFE] });
    const { client, server } = await startServer({ tls });
    for (const wrong of [secure(ca), secure(ca, stranger)]) {
      const stream = client(wrong).stream(DELTA);
      stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
      expect((await stream.status).code).toBe(14);
    }
    expect(server.streams()).toEqual([]);
  });

  it('ends a stream with the certificate of its node', async () => {
    const { ca, tls } = await setUp();
    const from = new Date(Date.now() - 24 * 3_600_000 + 4000);
    const node = await makeCertificate({ issuer: ca, uris: [SPIFFE], from, days: 1 });
    const { client } = await startServer({ tls });
    const stream = client(secure(ca, node)).stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await stream.next();
    expect((await stream.status).code).toBe(0);
    expect(Date.now()).toBeLessThan(from.getTime() + 24 * 3_600_000 + 1000);
  });

  it('speaks TLS 1.3 only and resumes no session', async () => {
    const { ca, node, tls } = await setUp();
    const { port } = await startServer({ tls });
    const base = {
      port,
      host: '127.0.0.1',
      ca: ca.certificate,
      cert: node.chain,
      key: node.privateKey,
      ALPNProtocols: ['h2'],
    };
    const open = (more: object): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ ...base, ...more }, () => resolve(socket));
        socket.on('error', reject);
        onTestFinished(() => void socket.destroy());
      });
    await expect(open({ maxVersion: 'TLSv1.2' })).rejects.toThrow();
    const first = await open({});
    const session = await new Promise<Buffer | undefined>((resolve) => {
      first.once('session', resolve);
      // The settings frame of the server comes after any ticket would have come.
      first.once('data', () => resolve(first.getSession()));
    });
    const second = await open(session === undefined ? {} : { session });
    expect([first.getProtocol(), second.isSessionReused()]).toEqual(['TLSv1.3', false]);
  });

  it('serves new handshakes with reloaded certificates, and live streams as long as both CAs are trusted', async () => {
    const { ca, node, tls } = await setUp();
    const nextCa = await makeCa({ name: 'next CA' });
    const nextOwn = await makeCertificate({ issuer: nextCa, ips: ['127.0.0.1'] });
    const nextNode = await makeCertificate({ issuer: nextCa, uris: [SPIFFE] });
    const refused: RefusedCall[] = [];
    const { client, server } = await startServer({ tls, onRefused: (one) => refused.push(one) });
    const old = client(secure(ca, node)).stream(DELTA);
    old.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await old.next();
    const both = Buffer.from(ca.certificate + nextCa.certificate);
    server.reloadTls({ ...serverTls(nextCa, nextOwn), clientCa: both });
    const fresh = client(secure(nextCa, nextNode)).stream(DELTA);
    fresh.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await fresh.next();
    old.send({ typeUrl: TYPE_URL.listener });
    expect((await old.next()).typeUrl).toBe(TYPE_URL.listener);
    server.reloadTls(serverTls(nextCa, nextOwn));
    expect(await old.status).toMatchObject({
      code: 7,
      details: expect.stringContaining('no longer trusted'),
    });
    fresh.send({ typeUrl: TYPE_URL.listener });
    expect((await fresh.next()).typeUrl).toBe(TYPE_URL.listener);
    const late = client(secure(ca, node)).stream(DELTA);
    late.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    expect((await late.status).code).toBe(14);
    await until('both refusals', () => refused.length >= 2);
    expect(refused).toMatchObject([{ why: 'untrusted', peer: { uriSans: [SPIFFE] } }, { why: 'handshake' }]);
  });

  it('a certificate from below an intermediate has to be shown again when a CA goes', async () => {
    const { ca, tls, own } = await setUp();
    const middle = await makeCa({ issuer: ca, name: 'middle CA' });
    const node = await makeCertificate({ issuer: middle, uris: [SPIFFE] });
    const other = await makeCa({ name: 'other CA' });
    const { client, server } = await startServer({ tls });
    const both = { ...serverTls(ca, own), clientCa: Buffer.from(other.certificate + ca.certificate) };
    const connection = client(secure(ca, node));
    const stream = connection.stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await stream.next();
    server.reloadTls(both);
    stream.send({ typeUrl: TYPE_URL.listener });
    expect((await stream.next()).typeUrl).toBe(TYPE_URL.listener);
    server.reloadTls(serverTls(ca, own));
    expect((await stream.status).details).toContain('connect again');
    server.reloadTls({ ...both, clientCa: Buffer.from(other.certificate) });
    expect((await connection.stream(DELTA).status).code).toBe(14);
  });

  it('a peer that is expelled loses its streams and its connection, and no other does', async () => {
    const { ca, node, tls } = await setUp();
    const neighbour = await makeCertificate({ issuer: ca, uris: [`${SPIFFE}1`] });
    let revoked = '';
    const refuse = (peer: Peer) =>
      peer.certificateFingerprint === revoked
        ? ({ code: 'PERMISSION_DENIED', message: 'revoked' } as const)
        : undefined;
    const { client, server } = await startServer({ tls, admitPeer: refuse });
    const [bad, good] = [client(secure(ca, node)), client(secure(ca, neighbour))];
    const streams = [bad.stream(DELTA), bad.stream(SOTW), good.stream(DELTA)] as const;
    for (const stream of streams) {
      stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
      await stream.next();
    }
    revoked = fingerprintOf(node);
    expect(server.expel(refuse)).toBe(1);
    for (const stream of streams.slice(0, 2)) {
      expect(await stream.status).toMatchObject({ code: 7, details: 'revoked' });
    }
    expect(await bad.stream(DELTA).status).toMatchObject({ code: 7, details: 'revoked' });
    streams[2].send({ typeUrl: TYPE_URL.listener });
    expect((await streams[2].next()).typeUrl).toBe(TYPE_URL.listener);
  });

  it('tells why a handshake failed, in words of its own', async () => {
    const { ca, tls } = await setUp();
    const past = new Date(Date.now() - 90 * 86_400_000);
    const stranger = await makeCertificate({ issuer: await makeCa({ name: 'stranger' }), uris: [SPIFFE] });
    const expired = await makeCertificate({ issuer: ca, uris: [SPIFFE], from: past, days: 30 });
    const told: string[] = [];
    const addresses = new Set<string>();
    const onRefused = ({ message, address }: RefusedCall): void => {
      told.push(message);
      addresses.add(address);
    };
    const { client, port } = await startServer({ tls, onRefused });
    for (const [wrong, words] of [
      [secure(ca), 'gave no certificate'],
      [secure(ca, stranger), 'not trusted here'],
      [secure(ca, expired), 'has expired'],
    ] as const) {
      await client(wrong).stream(DELTA).status;
      await until(words, () => told.some((text) => text.includes(words)));
    }
    const plain = rawClient(port);
    onTestFinished(() => plain.close());
    await plain.stream(DELTA).status;
    await until('the plaintext', () => told.some((text) => text.includes('does not speak TLS')));
    expect(addresses).toEqual(new Set(['127.0.0.1']));
  });

  it('a connection that outlives its certificate opens no new stream', async () => {
    const { ca, tls } = await setUp();
    const from = new Date(Date.now() - 24 * 3_600_000 + 3000);
    const node = await makeCertificate({ issuer: ca, uris: [SPIFFE], from, days: 1 });
    const refused: RefusedCall[] = [];
    const { client } = await startServer({ tls, onRefused: (one) => refused.push(one) });
    const connection = client(secure(ca, node));
    const first = connection.stream(DELTA);
    first.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await first.next();
    await first.status;
    expect(await connection.stream(DELTA).status).toMatchObject({ code: 7 });
    expect(refused).toMatchObject([{ why: 'expired', asked: DELTA }]);
  });

  it('A11 limits the new streams of one identity', async () => {
    const { ca, node, tls } = await setUp();
    const { client } = await startServer({ tls, limits: { newStreamsPerSecondAndIdentity: 1 } });
    const one = client(secure(ca, node));
    const first = one.stream(DELTA);
    first.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await first.next();
    const second = one.stream(DELTA);
    expect(await second.status).toMatchObject({ code: 8, details: expect.stringContaining(SPIFFE) });
  });

  it('without a CA is refused before anything listens', () => {
    const pem = Buffer.from('x');
    expect(() => tlsContext({ certificate: pem, privateKey: pem, clientCa: Buffer.alloc(0) })).toThrow(
      'clientCa',
    );
  });
});
