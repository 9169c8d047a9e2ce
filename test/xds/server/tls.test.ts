import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Peer } from '../../../src/xds/server/peer.ts';
import { tlsContext } from '../../../src/xds/server/tls.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { DELTA, NODE, startServer } from './fixture.ts';

import { fingerprintOf, SPIFFE, secure, serialOf, setUp } from './tls-fixture.ts';

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
