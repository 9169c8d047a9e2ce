/** A gRPC client that finds its back ends over xDS. A process of its own: it reads its bootstrap from the environment. */
import { Client, credentials } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

register();
const client = new Client(process.argv[2] ?? '', credentials.createInsecure());
const pass = (bytes: Buffer): Buffer => bytes;

process.on('message', (id: number) => {
  const deadline = new Date(Date.now() + 10_000);
  client.makeUnaryRequest('/test.Echo/Who', pass, pass, Buffer.alloc(0), { deadline }, (error, answer) => {
    process.send?.({ id, answer: error === null ? (answer?.toString() ?? '') : `error ${error.message}` });
  });
});
process.on('disconnect', () => process.exit(0));
