import { createPrivateKey } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../src/config/settings.ts';
import { freePort } from '../parts/ports.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';
import { type ClientTls, type GrpcConnection, openConnection } from './grpc-stream.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

export const DOMAIN = 'example.org';

export function identityOf(group: string, node: string): string {
  return `spiffe://${DOMAIN}/group/${group}/node/${node}`;
}

/** A replica with mTLS and the groups `red` and `blue`, each with one secret of its own: `red-tls`, `blue-tls`. */
export interface TwoGroups {
  readonly workspace: Workspace;
  readonly replica: TestReplica;
  readonly ca: MadeCertificate;
  /** The node port's files. */
  readonly nodeTls: NonNullable<Settings['nodeTls']>;
  /** A connection with this certificate; none: without one. */
  connect(certificate?: MadeCertificate): GrpcConnection;
  /** A certificate of a node, by the CA unless another signs. */
  node(group: string, id: string, issuer?: MadeCertificate): Promise<MadeCertificate>;
  /** Whether these bytes hold the private key of that group's secret. */
  holdsKeyOf(group: 'red' | 'blue', bytes: Buffer): boolean;
  /** How often that was refused so far. */
  refused(reason: string): Promise<number>;
  /** The audit lines so far. */
  audit(): readonly Readonly<Record<string, unknown>>[];
}

/** `bySan`: the certificate alone decides; `byCluster`: so does what the node calls its cluster. */
export async function startTwoGroups(
  settings: Partial<Settings> = {},
  match: 'bySan' | 'byCluster' = 'bySan',
): Promise<TwoGroups> {
  const workspace = await createWorkspace();
  const ca = await makeCa({ name: 'fleet CA' });
  const keys = { red: await putSecret(workspace, 'red'), blue: await putSecret(workspace, 'blue') };
  await workspace.putConfig(await configOf(workspace, match === 'bySan' ? { match: {} } : {}));
  const own = await makeCertificate({ issuer: ca, names: ['localhost'], ips: ['127.0.0.1'] });
  const path = (name: string): string => join(workspace.dir, name);
  const nodeTls = {
    certificate: path('muster.crt'),
    privateKey: path('muster.key'),
    ca: path('nodes-ca.crt'),
  };
  await writeFile(nodeTls.certificate, own.chain);
  await writeFile(nodeTls.privateKey, own.privateKey);
  await writeFile(nodeTls.ca, ca.certificate);
  const replica = await startReplica(workspace, { settings: { nodeTls, trustDomain: DOMAIN, ...settings } });
  return {
    workspace,
    replica,
    ca,
    nodeTls,
    connect: (certificate) => openConnection(replica.xdsPort, tlsOf(ca, certificate)),
    node: (group, id, issuer = ca) => makeCertificate({ issuer, uris: [identityOf(group, id)] }),
    holdsKeyOf: (group, bytes) => bytes.includes('PRIVATE KEY') && keysIn(bytes).includes(keys[group]),
    refused: async (reason) => refusedIn(await replica.metrics(), reason),
    audit: () => auditLines(replica.log()),
  };
}

/** Replaces a file as a careful editor does. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

export function auditLines(log: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = log.split('\n').filter((line) => line.includes('"audit":true'));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

function tlsOf(ca: MadeCertificate, certificate: MadeCertificate | undefined): ClientTls {
  return { ca: ca.certificate, chain: certificate?.chain, privateKey: certificate?.privateKey };
}

async function putSecret({ dir }: Workspace, group: string): Promise<string> {
  const pair = await makeCertificate({ names: [`${group}.example.com`] });
  await writeFile(join(dir, `${group}.crt`), pair.chain);
  await writeFile(join(dir, `${group}.key`), pair.privateKey);
  return secretNumber(pair.privateKey);
}

async function configOf({ dir }: Workspace, match: object): Promise<object> {
  const listener = async (group: string) => ({
    port: await freePort(),
    protocol: 'HTTPS',
    tls: { certificates: [{ secret: `${group}-tls` }] },
  });
  const secret = (group: string) => ({
    tls: { certificate: join(dir, `${group}.crt`), privateKey: join(dir, `${group}.key`) },
  });
  return {
    secrets: { 'red-tls': secret('red'), 'blue-tls': secret('blue') },
    listeners: { red: await listener('red'), blue: await listener('blue') },
    groups: { red: { ...match, listeners: ['red'] }, blue: { ...match, listeners: ['blue'] } },
  };
}

/** The secret numbers of all keys in a response. */
function keysIn(bytes: Buffer): readonly string[] {
  const blocks = bytes
    .toString('latin1')
    .matchAll(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g);
  return Array.from(blocks, ([block]) => secretNumber(block));
}

function secretNumber(pem: string): string {
  return createPrivateKey(pem).export({ format: 'jwk' }).d ?? '';
}

function refusedIn(metrics: string, reason: string): number {
  return Number(
    new RegExp(`^muster_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0,
  );
}
