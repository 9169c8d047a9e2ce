import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../parts/until.ts';
import { type MadeCertificate, makeCertificate } from '../secrets/certificates.ts';
import { startTwoGroups, type TwoGroups } from './two-groups.ts';

test('BAD3: a replayed ticket is not taken: each connection shows its certificate anew', async () => {
  const groups = await startTwoGroups();
  const node = await groups.node('red', 'n1');
  const foreign = await ticketOf(await startTicketServer(groups.ca), groups.ca, node);
  const first = await sessionWith(groups, node, foreign);
  expect(first).toMatchObject({ reused: false, connected: true });
  for (const ticket of [foreign, ...first.tickets]) {
    expect(await sessionWith(groups, node, ticket)).toMatchObject({ reused: false, connected: true });
    // Without the certificate it opens nothing.
    expect(await sessionWith(groups, undefined, ticket)).toMatchObject({ reused: false, connected: false });
  }
  await until('the refusals', async () => (await groups.refused('handshake')) === 1 + first.tickets.length);
});

/** A server with the same CA that gives tickets, as ours must not. */
async function startTicketServer(ca: MadeCertificate): Promise<Server> {
  const own = await makeCertificate({ issuer: ca, names: ['localhost'] });
  const tls = { cert: own.chain, key: own.privateKey, ca: ca.certificate, requestCert: true };
  const server = createServer({ ...tls, ALPNProtocols: ['h2'], minVersion: 'TLSv1.3' }, (socket) =>
    socket.end('x'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return server;
}

function ticketOf(server: Server, ca: MadeCertificate, node: MadeCertificate): Promise<Buffer> {
  const { port } = server.address() as AddressInfo; // an IP socket that is bound
  const mine = { ca: ca.certificate, cert: node.chain, key: node.privateKey, servername: 'localhost' };
  const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], ...mine });
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve, reject) => {
    socket.once('session', resolve);
    socket.once('error', reject);
  });
}

/** Offers a ticket to the node port, and waits for its first bytes or for the end. */
function sessionWith({ replica, ca }: TwoGroups, node: MadeCertificate | undefined, session: Buffer) {
  const mine = node === undefined ? {} : { cert: node.chain, key: node.privateKey };
  const to = { port: replica.xdsPort, host: '127.0.0.1', servername: 'localhost', ca: ca.certificate };
  const socket = connect({ ...to, ...mine, ALPNProtocols: ['h2'], session });
  onTestFinished(() => void socket.destroy());
  const tickets: Buffer[] = [];
  socket.on('session', (ticket: Buffer) => tickets.push(ticket));
  const outcome = (connected: boolean) => ({ reused: socket.isSessionReused(), tickets, connected });
  return new Promise<ReturnType<typeof outcome>>((resolve) => {
    socket.once('data', () => resolve(outcome(true)));
    socket.once('error', () => resolve(outcome(false)));
    socket.once('close', () => resolve(outcome(false)));
  });
}
