import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { freePort } from '../parts/ports.ts';
import { until } from '../parts/until.ts';
import { echo, pairOnDisk } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

const HOST = 'shop.example.com';

interface Client {
  readonly port: number;
  readonly ca: string;
  readonly session?: Buffer | undefined;
}

/** One request over TLS 1.2, whose ticket comes with the handshake: whether it resumed, and its ticket. */
function handshake({
  port,
  ca,
  session,
}: Client): Promise<{ resumed: boolean; session: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    const resumption = session === undefined ? {} : { session };
    const socket: TLSSocket = connect(
      { host: '127.0.0.1', port, servername: HOST, ca, maxVersion: 'TLSv1.2', ...resumption },
      () => {
        const found = { resumed: socket.isSessionReused(), session: socket.getSession() };
        socket.destroy();
        resolve(found);
      },
    );
    socket.once('error', reject);
  });
}

test('a client resumes at another proxy of the group, also after the keys were rotated; a foreign key resumes nowhere', async () => {
  const workspace = await createWorkspace();
  const pair = await pairOnDisk(workspace.dir, 'shop', [HOST]);
  await pair.rotate();
  const upstream = await echo({ name: 'one' });
  const keys = join(workspace.dir, 'tickets');
  const [first, second, foreign] = [randomBytes(80), randomBytes(80), randomBytes(80)];
  const write = async (...all: readonly Buffer[]): Promise<void> => {
    await writeFile(`${keys}.new`, all.map((key) => key.toString('base64')).join('\n'));
    await rename(`${keys}.new`, keys);
  };
  await write(first);
  const ports = [await freePort(), await freePort()] as const;
  const listener = (port: number) => ({
    port,
    address: '127.0.0.1',
    protocol: 'HTTPS',
    tls: { certificates: [{ secret: 'shop' }], sessionTicketKeys: { secret: 'tickets' } },
  });
  const { certificate, privateKey } = pair;
  await workspace.putConfig({
    secrets: { shop: { tls: { certificate, privateKey } }, tickets: { sessionTicketKeys: { keys } } },
    services: { web: { endpoints: [`127.0.0.1:${upstream.port}`] } },
    listeners: { one: listener(ports[0]), two: listener(ports[1]) },
    httpRoutes: { all: { listeners: ['one', 'two'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { a: { listeners: ['one'] }, b: { listeners: ['two'] } },
  });
  const replica = await startReplica(workspace);
  for (const group of ['a', 'b'] as const) {
    const envoy = await startProxy({ xds: [replica.xdsPort], id: group, group });
    await envoy.ready();
  }
  const at = (index: 0 | 1, session?: Buffer) => handshake({ port: ports[index], ca: pair.ca, session });
  const { session } = await until('a ticket of the first proxy', () => at(0));
  expect((await until('the second proxy', () => at(1, session))).resumed).toBe(true);

  await write(second, first);
  await until('the new key at both', async () => {
    const made = await at(0);
    return (
      (await at(1, made.session)).resumed &&
      (await replica.status()).secrets.every(({ state }) => state === 'ok')
    );
  });
  expect((await at(1, session)).resumed, 'the old key still opens tickets').toBe(true);

  await write(foreign);
  await until(
    'the old tickets are worth nothing',
    async () => !(await at(0, session)).resumed && !(await at(1, session)).resumed,
  );
  expect((await at(1, (await at(0)).session)).resumed).toBe(true);
});
