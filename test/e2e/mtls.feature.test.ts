import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials, status as grpc } from '@grpc/grpc-js';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { runInProcess } from '../cli/in-process.ts';
import { type Envoy, startEnvoy } from '../parts/envoy.ts';
import { until } from '../parts/until.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';
import { type RawStream, rawClient } from '../xds/raw-client.ts';
import { DELTA, SOTW } from '../xds/server/fixture.ts';
import { certificateOf } from './parts.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { HOST, type Sourced, startSourced } from './sourced.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const spiffe = (group: string, node: string, domain = 'example.org'): string =>
  `spiffe://${domain}/group/${group}/node/${node}`;

let ca: MadeCertificate;
beforeAll(async () => {
  ca = await makeCa({ name: 'fleet CA' });
});

interface Secured {
  readonly workspace: Workspace;
  readonly sourced: Sourced;
  readonly replica: TestReplica;
}

type Names = Pick<NonNullable<Parameters<typeof makeCertificate>[0]>, 'names' | 'ips' | 'uris'>;

/** A replica whose node port wants certificates of the fleet's CA. */
async function startSecured(own: Names = { names: ['localhost'], ips: ['127.0.0.1'] }): Promise<Secured> {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  const listed = { identities: ['spiffe://example.org/machine/7'], listeners: ['plain'] };
  await workspace.put(
    'more.yaml',
    JSON.stringify({ groups: { listed: { ...listed, match: { id: 'm7' } } } }),
  );
  await sourced.write([sourced.ports[0]]);
  const pair = await makeCertificate({ issuer: ca, ...own });
  const path = (name: string): string => join(workspace.dir, name);
  await writeFile(path('muster.crt'), pair.chain);
  await writeFile(path('muster.key'), pair.privateKey);
  await writeFile(path('ca.crt'), ca.certificate);
  const nodeTls = { certificate: path('muster.crt'), privateKey: path('muster.key'), ca: path('ca.crt') };
  const replica = await startReplica(workspace, { settings: { nodeTls, trustDomain: 'example.org' } });
  return { workspace, sourced, replica };
}

/** An Envoy from what `muster bootstrap` prints, with the node's certificate on disk. */
async function startWith({ workspace, replica }: Secured, node: MadeCertificate): Promise<Envoy> {
  const [cert, key, trusted] = ['node.crt', 'node.key', 'ca.crt'].map((name) => join(workspace.dir, name));
  if (cert === undefined || key === undefined || trusted === undefined) throw new Error('three paths');
  await writeFile(cert, node.chain);
  await writeFile(key, node.privateKey);
  const node1 = ['--group', 'edge', '--node-id', 'n1', '--xds', `127.0.0.1:${replica.xdsPort}`];
  const tls = ['--mtls-cert', cert, '--mtls-key', key, '--mtls-ca', trusted];
  const { code, out } = await runInProcess('bootstrap', ...node1, ...tls, '-o', 'json');
  expect(code).toBe(0);
  const bootstrap: object = JSON.parse(out);
  const envoy = await startEnvoy({ bootstrap });
  onTestFinished(() => envoy.stop());
  return envoy;
}

function streamOf(replica: TestReplica, node?: MadeCertificate, path = DELTA): RawStream {
  const trusted = Buffer.from(ca.certificate);
  const secure =
    node === undefined
      ? credentials.createSsl(trusted)
      : credentials.createSsl(trusted, Buffer.from(node.privateKey), Buffer.from(node.chain));
  const client = rawClient(replica.xdsPort, secure);
  onTestFinished(() => client.close());
  return client.stream(path);
}

test('an Envoy with the bootstrap that muster writes joins over mTLS and is served its certificates', async () => {
  const secured = await startSecured();
  const envoy = await startWith(secured, await makeCertificate({ issuer: ca, uris: [spiffe('edge', 'n1')] }));
  await envoy.ready();
  const { sourced, replica } = secured;
  const shown = { port: sourced.https, servername: HOST, ca: sourced.pair.ca };
  await until('the certificate over SDS', () => certificateOf(shown));
  expect((await replica.nodes()).nodes).toMatchObject([{ id: 'n1', group: 'edge' }]);
});

test('an Envoy does not speak to a muster whose certificate names another host', async () => {
  const secured = await startSecured({ names: ['localhost'], uris: [spiffe('edge', 'n1')] });
  const node = await makeCertificate({ issuer: ca, uris: [spiffe('edge', 'n1')] });
  const envoy = await startWith(secured, node);
  await until('the refused handshake', async () => ((await envoy.admin.stat(FAILED_SAN)) ?? 0) > 0);
  expect((await secured.replica.nodes()).nodes).toEqual([]);
});

const FAILED_SAN = 'cluster.muster_xds.ssl.fail_verify_san';

test.each([
  { what: 'of a group that is not there', uris: [spiffe('nowhere', 'n1')], words: 'names no group' },
  { what: 'of another node', uris: [spiffe('edge', 'n2')], words: 'is for node "n2"' },
  { what: 'of another trust domain', uris: [spiffe('edge', 'n1', 'evil.org')], words: 'names no group' },
  { what: 'with more segments', uris: [`${spiffe('edge', 'n1')}/x`], words: 'names no group' },
  { what: 'with two SANs', uris: [spiffe('edge', 'n1'), spiffe('edge', 'n2')], words: 'exactly one URI SAN' },
  { what: 'with no SAN', uris: [], words: 'exactly one URI SAN' },
  { what: 'of another group than it claims', uris: [spiffe('listed', 'n1')], words: 'matches no group' },
])('BAD3: a certificate $what is refused in words', async ({ uris, words }) => {
  const { replica } = await startSecured();
  const node = await makeCertificate({ issuer: ca, uris });
  for (const path of [DELTA, SOTW]) {
    const stream = streamOf(replica, node, path);
    stream.send({
      node: { id: 'n1', cluster: 'edge' },
      typeUrl: TYPE_URL.secret,
      resourceNamesSubscribe: [],
    });
    const { code, details } = await stream.status;
    expect(code).toBe(grpc.PERMISSION_DENIED);
    expect(details).toContain(words);
  }
  expect(await replica.nodes()).toMatchObject({ nodes: [], refused: [{ id: 'n1', count: 2 }] });
});

test('BAD3: no certificate, one of another CA, and plaintext do not get as far as a stream', async () => {
  const { replica } = await startSecured();
  const stranger = await makeCa();
  const forged = await makeCertificate({ issuer: stranger, uris: [spiffe('edge', 'n1')] });
  const past = new Date(Date.now() - 90 * 86_400_000);
  const expired = await makeCertificate({ issuer: ca, uris: [spiffe('edge', 'n1')], from: past, days: 30 });
  const plain = rawClient(replica.xdsPort);
  onTestFinished(() => plain.close());
  const streams = [
    streamOf(replica),
    streamOf(replica, forged),
    streamOf(replica, expired),
    plain.stream(DELTA),
  ];
  for (const stream of streams) {
    stream.send({ node: { id: 'n1', cluster: 'edge' }, typeUrl: TYPE_URL.cluster });
    expect((await stream.status).code).toBe(grpc.UNAVAILABLE);
  }
  expect(await replica.nodes()).toEqual({ nodes: [], refused: [] });
});

test('an identity that a group lists by hand gets in, and is served', async () => {
  const { replica } = await startSecured();
  const stream = streamOf(
    replica,
    await makeCertificate({ issuer: ca, uris: ['spiffe://example.org/machine/7'] }),
  );
  stream.send({ node: { id: 'm7', cluster: 'any' }, typeUrl: TYPE_URL.cluster });
  expect((await stream.next()).names).toEqual(['web']);
  expect((await replica.nodes()).nodes).toMatchObject([{ id: 'm7', group: 'listed' }]);
});
