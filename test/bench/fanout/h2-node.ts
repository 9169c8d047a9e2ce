import { connect, type Socket } from 'node:net';

/**
 * One node of the benchmark: a single gRPC stream over HTTP/2 on a bare socket. A full HTTP/2 client would
 * cost the load generator more than the server under test, and on two cores it is the generator that would
 * be measured.
 */
export interface H2Node {
  send(message: Buffer): void;
  destroy(): void;
}

export interface H2NodeOptions {
  readonly port: number;
  readonly path: string;
  /** Absent: plaintext to 127.0.0.1. */
  readonly open?: () => Socket;
  readonly onMessage: (message: Buffer) => void;
  readonly onClose: (reason: string) => void;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, window: 8 } as const;
const WINDOW = 0x7fff0000;

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** Header block without Huffman coding or dynamic table: the indexes are those of the static table. */
function headerBlock(path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text('localhost'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
}

function opening(path: string): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(4, 0);
  settings.writeUInt32BE(WINDOW, 2);
  const window = Buffer.alloc(4);
  window.writeUInt32BE(WINDOW);
  return Buffer.concat([
    PREFACE,
    frame(FRAME.settings, 0, 0, settings),
    frame(FRAME.window, 0, 0, window),
    frame(FRAME.headers, 4, 1, headerBlock(path)),
  ]);
}

export function grpcFrame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 5);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, 5);
  return framed;
}

/** Cuts a byte stream into units whose length `measure` reads from the head, or undefined if too short. */
function cutter(measure: (head: Buffer) => number | undefined, take: (unit: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    let left = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const length = measure(left);
      if (length === undefined || left.length < length) break;
      take(left.subarray(0, length));
      left = left.subarray(length);
    }
    rest = left;
  };
}

export function openNode(options: H2NodeOptions): H2Node {
  const socket = options.open?.() ?? connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  socket.write(opening(options.path));
  const messages = cutter(
    (head) => (head.length < 5 ? undefined : 5 + head.readUInt32BE(1)),
    (unit) => options.onMessage(unit.subarray(5)),
  );
  const frames = cutter(
    (head) => (head.length < 9 ? undefined : 9 + head.readUIntBE(0, 3)),
    (unit) => onFrame(unit),
  );
  function onFrame(unit: Buffer): void {
    const acknowledged = ((unit[4] ?? 0) & 1) === 1;
    if (unit[3] === FRAME.data) messages(unit.subarray(9));
    if (unit[3] === FRAME.settings && !acknowledged)
      socket.write(frame(FRAME.settings, 1, 0, Buffer.alloc(0)));
    if (unit[3] === FRAME.ping && !acknowledged) socket.write(frame(FRAME.ping, 1, 0, unit.subarray(9)));
    if (unit[3] === FRAME.reset) options.onClose('reset');
    if (unit[3] === FRAME.goAway) options.onClose('goaway');
  }
  socket.on('data', frames);
  socket.on('error', (error) => options.onClose(error.message));
  socket.on('close', () => options.onClose('closed'));
  return {
    send: (message) => {
      const framed = grpcFrame(message);
      // Larger than one HTTP/2 frame may be (16 kB by default): cut.
      for (let at = 0; at < framed.length; at += 16_000) {
        socket.write(frame(FRAME.data, 0, 1, framed.subarray(at, at + 16_000)));
      }
    },
    destroy: () => socket.destroy(),
  };
}
