import { readFile, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import { type MadeCertificate, makeCertificate } from '../secrets/certificates.ts';
import { encodeRequest, openConnection } from './grpc-stream.ts';
import { certificateOf, derOf } from './parts.ts';
import { startReplica } from './replica.ts';
import { DELTA, FETCH_STATUS, IN_TIME, PERMISSION_DENIED, served, UNIMPLEMENTED } from './served-node.ts';
import { auditLines, DOMAIN, identityOf, replaceFile, startTwoGroups } from './two-groups.ts';
import { createWorkspace } from './workspace.ts';

test('a new certificate of the node port is shown to new handshakes, and live streams stay', async () => {
  const groups = await startTwoGroups();
  const stream = await served(groups, await groups.node('red', 'n1'), 'n1');
  const next = await makeCertificate({ issuer: groups.ca, names: ['localhost'], ips: ['127.0.0.1'] });
  // The key alone is half a pair: the old one stays, and that is said.
  await replaceFile(groups.nodeTls.privateKey, next.privateKey);
  await until('the complaint', () => groups.replica.log().includes('the node port keeps what it has'));
  expect(await groups.replica.metrics()).toContain('muster_node_files_ok{file="certificate"} 0');
  await replaceFile(groups.nodeTls.certificate, next.chain);
  const shown = { port: groups.replica.xdsPort, servername: 'localhost', ca: groups.ca.certificate };
  const cert = { ...shown, certificate: await groups.node('red', 'n2') };
  await until(
    'the new certificate',
    async () => (await certificateOf(cert)) === derOf(next.certificate),
    IN_TIME,
  );
  expect(await groups.replica.metrics()).toContain('muster_node_files_ok{file="certificate"} 1');
  stream.send(encodeRequest(DELTA, { typeUrl: TYPE_URL.listener, resourceNamesSubscribe: ['*'] }));
  await until('the live stream to be served on', () => stream.messages.length > 1);
});

test.each([
  ['an empty CA file', ''],
  ['garbage', 'garbage'],
  ['a truncated CA', '-----BEGIN CERTIFICATE-----\nMIIB'],
])('%s keeps the CA that is there', async (_, text) => {
  const groups = await startTwoGroups();
  await replaceFile(groups.nodeTls.ca, text);
  await until('the complaint', () => groups.replica.log().includes('the node port keeps what it has'));
  await served(groups, await groups.node('red', 'n1'), 'n1');
  const complaints = groups.replica.log().split('the node port keeps what it has').length - 1;
  expect(complaints).toBe(1);
});

test('CSDS is for operators alone: no node, no stranger, no second SAN, no plaintext', async () => {
  const alice = `spiffe://${DOMAIN}/operator/alice`;
  const listed = identityOf('red', 'n9').replace('/node/', '/vm/');
  const groups = await startTwoGroups({ operators: [alice, listed] });
  await served(groups, await groups.node('red', 'n1'), 'n1');
  const withSans = (...uris: readonly string[]) => makeCertificate({ issuer: groups.ca, uris });
  const ask = async (certificate: MadeCertificate): Promise<{ status: string; answers: number }> => {
    const stream = groups.connect(certificate).stream(FETCH_STATUS);
    stream.send(Buffer.alloc(0));
    stream.end();
    return { status: await stream.status, answers: stream.messages.length };
  };
  expect(await ask(await withSans(alice))).toEqual({ status: '0', answers: 1 });
  const refused = [
    await groups.node('red', 'n1'),
    await withSans(`spiffe://${DOMAIN}/operator/alice2`),
    await withSans(alice, identityOf('red', 'n1')),
    await withSans(alice, alice),
    await withSans(),
  ];
  for (const certificate of refused)
    expect(await ask(certificate)).toEqual({ status: UNIMPLEMENTED, answers: 0 });
  expect(await groups.refused('status')).toBe(refused.length);
  expect(groups.audit().filter(({ reason }) => reason === 'status').length).toBeGreaterThan(3);
  // An operator is no node.
  const stream = groups.connect(await withSans(alice)).stream(DELTA);
  stream.send(encodeRequest(DELTA, { node: { id: 'n1' }, typeUrl: TYPE_URL.secret }));
  expect(await stream.status).toBe(PERMISSION_DENIED);
});

test('an operator that a group takes for a node reads no status', async () => {
  const alice = 'spiffe://people/alice';
  const groups = await startTwoGroups({ operators: [alice] });
  await groups.workspace.put(
    'more.yaml',
    JSON.stringify({ groups: { green: { match: {}, identities: [alice], listeners: [] } } }),
  );
  const certificate = await makeCertificate({ issuer: groups.ca, uris: [alice] });
  await until('the edit', async () => {
    const stream = groups.connect(certificate).stream(FETCH_STATUS);
    stream.send(Buffer.alloc(0));
    stream.end();
    return (await stream.status) === UNIMPLEMENTED;
  });
});

test('what is refused is appended to the audit file, for its owner alone', async () => {
  const workspace = await createWorkspace();
  const auditFile = join(workspace.dir, 'audit.log');
  const groups = await startTwoGroups({ auditFile, logLevel: 'error' });
  const stream = groups.connect(await groups.node('red', 'n1')).stream(DELTA);
  const names = ['blue-tls', 'grey-tls', 'red-tls'];
  const request = { node: { id: 'n1' }, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: names };
  stream.send(encodeRequest(DELTA, request));
  const lines = await until('both lines', async () => {
    const found = auditLines(await readFile(auditFile, 'utf8'));
    return found.length === 2 && found;
  });
  const who = { uriSans: [identityOf('red', 'n1')], node: 'n1', group: 'red', address: '127.0.0.1' };
  expect(lines).toMatchObject([
    {
      ...who,
      reason: 'secret-of-another-group',
      asked: 'blue-tls',
      why: expect.stringContaining('does not use'),
    },
    { ...who, reason: 'unknown-secret', asked: 'grey-tls' },
  ]);
  expect((await stat(auditFile)).mode & 0o777).toBe(0o600);
  expect(groups.audit()).toHaveLength(2);
});

test('a replica does not start with files of the node port that cannot be used', async () => {
  const groups = await startTwoGroups();
  const { workspace, nodeTls } = groups;
  const second = { config: workspace.config, state: join(workspace.dir, 'state-2') };
  const start = (settings: object) => startReplica(second, { settings });
  await expect(start({ nodeTls: { ...nodeTls, ca: '/nowhere' } })).rejects.toThrow(
    'nodeTls.ca: /nowhere does not exist',
  );
  await expect(
    start({ nodeTls: { ...nodeTls, privateKey: join(workspace.dir, 'red.key') } }),
  ).rejects.toThrow(/nodeTls.certificate .*: the private key belongs to none of the certificates/);
  await expect(start({ nodeDenylist: '/nowhere' })).rejects.toThrow('nodeDenylist: /nowhere does not exist');
  await expect(start({ auditFile: '/nowhere/audit.log' })).rejects.toThrow('auditFile: ');
});

test('plaintext from beyond loopback gets no secret, asked for or not, and each ask is counted', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  if (outside === undefined) return; // a machine without any other address has no beyond
  const xds = { host: '0.0.0.0', port: 0 };
  const groups = await startTwoGroups({ nodeTls: undefined, allowPlaintext: true, xds }, 'byCluster');
  const stream = openConnection(groups.replica.xdsPort, undefined, outside).stream(DELTA);
  const node = { id: 'n1', cluster: 'red' };
  stream.send(
    encodeRequest(DELTA, { node, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ['*', 'red-tls'] }),
  );
  stream.send(encodeRequest(DELTA, { typeUrl: TYPE_URL.listener, resourceNamesSubscribe: ['*'] }));
  await until('the listener', () => stream.messages.some((bytes) => bytes.includes('Listener')));
  expect(stream.messages.filter((bytes) => bytes.includes('PRIVATE KEY'))).toEqual([]);
  expect(await groups.refused('secret-over-plaintext')).toBe(1);
});
