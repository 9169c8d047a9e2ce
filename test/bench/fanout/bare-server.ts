/** The limit: the bytes of the same run written by bare node:http2, with nothing decoded but a type and a nonce. */
import { createServer, type ServerHttp2Stream } from 'node:http2';
import { frameMessage } from '../../../src/xds/server/grpc-frame.ts';
import { type Canned, monotonicMs, type ServerCommand, type ServerReport } from './messages.ts';
import { answerLoop, answerUsage } from './usage.ts';
import { glanceRequest } from './wire.ts';

const report = (message: ServerReport): void => void process.send?.(message);
const streams = new Set<ServerHttp2Stream>();
let push: Buffer = Buffer.alloc(0);

function start(canned: Canned): void {
  push = frameMessage(Buffer.from(canned.push, 'base64'));
  const first = new Map(
    Object.entries(canned.first).map(([type, bytes]) => [type, frameMessage(Buffer.from(bytes, 'base64'))]),
  );
  const server = createServer();
  server.on('stream', (stream) => {
    streams.add(stream);
    stream.on('close', () => streams.delete(stream));
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.on('data', reader(stream, canned.variant, first));
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') report({ done: 'start', port: address.port });
  });
}

function reader(stream: ServerHttp2Stream, variant: Canned['variant'], first: ReadonlyMap<string, Buffer>) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    let left = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (left.length >= 5 && left.length >= 5 + left.readUInt32BE(1)) {
      const end = 5 + left.readUInt32BE(1);
      const { typeUrl, nonce } = glanceRequest(left.subarray(5, end), variant);
      const answer = nonce === '' ? first.get(typeUrl) : undefined;
      if (answer !== undefined) stream.write(answer);
      left = left.subarray(end);
    }
    rest = left;
  };
}

process.on('message', (command: ServerCommand) => {
  if (command.do === 'start' && command.canned !== undefined) start(command.canned);
  if (command.do === 'usage') answerUsage(command.collect);
  if (command.do === 'loop') answerLoop(command.watch);
  if (command.do === 'push') {
    report({ done: 'push', at: monotonicMs() });
    for (const stream of streams) stream.write(push);
  }
});
process.on('disconnect', () => process.exit(0));
