import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RefusedCall } from '../../../src/xds/server/options.ts';
import type { Peer } from '../../../src/xds/server/peer.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { rawClient } from '../raw-client.ts';
import { DELTA, NODE, SOTW, startServer } from './fixture.ts';

import { fingerprintOf, SPIFFE, secure, serverTls, setUp } from './tls-fixture.ts';

describe('mTLS while it runs', () => {
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

  it('a handshake that waited for its CA to be taken away does not get in by it', async () => {
    const { ca, tls, own, node } = await setUp();
    const nextCa = await makeCa({ name: 'next CA' });
    const refused: RefusedCall[] = [];
    const onRefused = (one: RefusedCall): void => void refused.push(one);
    const timing = { idleConnectionMs: 60_000 };
    const { client, port, server } = await startServer({ tls, onRefused, timing });
    const socket = connectTcp(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await until('the connection', () => socket.readyState === 'open');
    // One that came later was accepted later: the server has the first one in hand.
    const later = client(secure(ca, await makeCertificate({ issuer: ca, uris: ['spiffe://later'] })));
    const stream = later.stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    await stream.next();
    server.reloadTls({ ...serverTls(ca, own), clientCa: Buffer.from(nextCa.certificate) });
    const mine = { ca: ca.certificate, cert: node.chain, key: node.privateKey, servername: 'localhost' };
    const session = connectHttp2('https://localhost', {
      createConnection: () => connectTls({ socket, ALPNProtocols: ['h2'], ...mine }),
    });
    session.on('error', () => {});
    await new Promise<void>((resolve) => session.once('close', () => resolve()));
    expect(refused.map(({ why, peer }) => [why, peer?.uriSans[0]])).toContainEqual(['untrusted', SPIFFE]);
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
});
