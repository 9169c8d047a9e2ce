import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { DELTA, NODE, raw, startServer } from './fixture.ts';

const CDS = TYPE_URL.cluster;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const [HEADERS, SETTINGS, PING, CONTINUATION] = [1, 4, 6, 9];

function frame(type: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal header fields that never end: `x: yyy`. */
const header = Buffer.concat([Buffer.from([0x00, 1, 0x78, 100]), Buffer.alloc(100, 0x79)]);
const many = (one: Buffer): Buffer => Buffer.concat(Array.from({ length: 2000 }, () => one));

/** Writes the same again and again, as fast as it is taken, until the server breaks the connection. */
async function flood(socket: Socket, chunk: Buffer): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  while (!socket.destroyed) {
    await Promise.race([closed, new Promise<void>((resolve) => socket.write(chunk, () => resolve()))]);
  }
}

describe('a flood of frames', () => {
  it.each([
    ['SETTINGS whose acknowledgements are not read', many(frame(SETTINGS, 0)), []],
    ['PING whose answers are not read', many(frame(PING, 0, Buffer.alloc(8))), []],
    ['CONTINUATION without an end', many(frame(CONTINUATION, 1, header)), [frame(HEADERS, 1, header)]],
  ])('%s ends its connection, and another client is served meanwhile', async (_, chunk, opening) => {
    const fixture = await startServer();
    const stream = fixture.client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: CDS });
    stream.send({ typeUrl: CDS, responseNonce: (await stream.next()).nonce });
    await until('the ACK', () => fixture.server.streams()[0]?.types[0]?.status === 'SYNCED');
    const socket = connect(fixture.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // Broken off while it writes, so an error may come first; nothing is read, so answers pile up.
    socket.on('error', () => {});
    socket.pause();
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0), ...opening]));
    const ended = flood(socket, chunk);
    fixture.cache.setResources('edge', CDS, [raw('cluster-1', 'meanwhile')]);
    expect((await stream.next()).names).toEqual(['cluster-1']);
    await ended;
    expect(fixture.server.streams()).toHaveLength(1);
  });
});
