import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';
import { encodeRequest, type GrpcStream } from './grpc-stream.ts';
import { DELTA, IN_TIME, isUp, PERMISSION_DENIED, served, statusSoon } from './served-node.ts';
import { identityOf, replaceFile, startTwoGroups } from './two-groups.ts';
import { createWorkspace } from './workspace.ts';

test('two CAs overlap; when one is taken away its streams end within 5 s, and no other', async () => {
  const groups = await startTwoGroups();
  const nextCa = await makeCa({ name: 'next CA' });
  const [old, fresh] = [await groups.node('red', 'old'), await groups.node('red', 'fresh', nextCa)];
  const oldStream = await served(groups, old, 'old');
  await replaceFile(groups.nodeTls.ca, groups.ca.certificate + nextCa.certificate);
  await until('the new CA to be trusted', () => served(groups, fresh, 'fresh'), IN_TIME);
  expect(await isUp(groups, 'old')).toBe(true);
  await replaceFile(groups.nodeTls.ca, nextCa.certificate);
  expect(await statusSoon(oldStream)).toBe(PERMISSION_DENIED);
  expect([await isUp(groups, 'fresh'), await groups.refused('untrusted')]).toEqual([true, 1]);
  const late = groups.connect(old).stream(DELTA);
  expect(await late.status).toBe('connection');
});

test('P12: a node that is put on the denylist loses its streams within 5 s and gets no more in', async () => {
  const workspace = await createWorkspace();
  const nodeDenylist = join(workspace.dir, 'denied');
  await writeFile(nodeDenylist, '# nobody yet\n');
  const groups = await startTwoGroups({ nodeDenylist });
  const certificates = new Map<string, MadeCertificate>();
  for (const id of ['uri', 'print', 'serial', 'other']) certificates.set(id, await groups.node('red', id));
  const facts = (id: string) => new X509Certificate(certificates.get(id)?.certificate ?? '');
  const streams = new Map<string, GrpcStream>();
  for (const [id, certificate] of certificates) streams.set(id, await served(groups, certificate, id));
  const lines = [
    `${identityOf('red', 'uri')}  # laptop was stolen`,
    `sha256:${facts('print').fingerprint256}`,
    `serial:${facts('serial').serialNumber}`,
  ];
  await replaceFile(nodeDenylist, lines.join('\n'));
  for (const id of ['uri', 'print', 'serial']) {
    const stream = streams.get(id);
    expect([id, stream && (await statusSoon(stream))]).toEqual([id, PERMISSION_DENIED]);
    const again = groups.connect(certificates.get(id)).stream(DELTA);
    again.send(
      encodeRequest(DELTA, { node: { id }, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ['*'] }),
    );
    expect([await again.status, again.messages]).toEqual([PERMISSION_DENIED, []]);
  }
  expect(await isUp(groups, 'other')).toBe(true);
  expect(await groups.refused('revoked')).toBe(6);
  // A list that cannot be read frees nobody.
  await replaceFile(nodeDenylist, 'uri');
  await until('the complaint', () => groups.replica.log().includes('the last good one stays in force'));
  expect(await groups.connect(certificates.get('uri')).stream(DELTA).status).toBe(PERMISSION_DENIED);
  expect(await groups.replica.metrics()).toContain('muster_node_files_ok{file="denylist"} 0');
  await replaceFile(nodeDenylist, '');
  const freed = certificates.get('uri') ?? groups.ca;
  await until('the pardon', () => served(groups, freed, 'uri'), IN_TIME);
});

test('a node whose identity the config no longer admits loses its stream', async () => {
  const groups = await startTwoGroups();
  const put = (identities: readonly string[]) =>
    groups.workspace.put(
      'more.yaml',
      JSON.stringify({ groups: { green: { match: {}, identities, listeners: ['red'] } } }),
    );
  await put(['spiffe://vms/1', 'spiffe://vms/2']);
  const [one, two] = [
    await makeCertificate({ issuer: groups.ca, uris: ['spiffe://vms/1'] }),
    await makeCertificate({ issuer: groups.ca, uris: ['spiffe://vms/2'] }),
  ];
  const first = await until('the group', () => served(groups, one, 'vm1'));
  await served(groups, two, 'vm2');
  await put(['spiffe://vms/2']);
  expect(await statusSoon(first)).toBe(PERMISSION_DENIED);
  expect(await isUp(groups, 'vm2')).toBe(true);
});
