import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { onTestFinished } from 'vitest';
import { startGrpcEcho } from '../parts/grpc.ts';
import { type EchoOptions, startEcho, type Upstream } from '../parts/http.ts';
import { startWebSocketEcho } from '../parts/websocket.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';

/** Upstreams that end with the test. */
export async function echo(options: EchoOptions): Promise<Upstream> {
  return ended(await startEcho(options));
}

export async function socketEcho(): Promise<Upstream> {
  return ended(await startWebSocketEcho());
}

export async function grpcEcho(): Promise<Upstream> {
  return ended(await startGrpcEcho());
}

function ended(upstream: Upstream): Upstream {
  onTestFinished(() => upstream.stop());
  return upstream;
}

/** A certificate pair on disk that can be replaced, and the CA that signs each one. */
export interface PairOnDisk {
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
  /** Makes a new pair for the names and puts it in place of the old one, key first. */
  rotate(): Promise<MadeCertificate>;
  write(pair: Pick<MadeCertificate, 'chain' | 'privateKey'>): Promise<void>;
  make(): Promise<MadeCertificate>;
}

export async function pairOnDisk(dir: string, name: string, names: readonly string[]): Promise<PairOnDisk> {
  const ca = await makeCa();
  const certificate = join(dir, `${name}.crt`);
  const privateKey = join(dir, `${name}.key`);
  const make = (): Promise<MadeCertificate> => makeCertificate({ issuer: ca, names });
  const write: PairOnDisk['write'] = async (pair) => {
    await replace(privateKey, pair.privateKey);
    await replace(certificate, pair.chain);
  };
  const rotate = async (): Promise<MadeCertificate> => {
    const pair = await make();
    await write(pair);
    return pair;
  };
  return { ca: ca.certificate, certificate, privateKey, rotate, write, make };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

export interface Handshake {
  readonly port: number;
  readonly servername: string;
  readonly ca: string;
  /** What the client shows of itself, where it is asked to. */
  readonly certificate?: Pick<MadeCertificate, 'chain' | 'privateKey'>;
}

/** The PEM of the certificate that a new TLS connection is shown; rejects when the handshake fails. */
export function certificateOf({ port, servername, ca, certificate }: Handshake): Promise<string> {
  return new Promise((resolve, reject) => {
    const own = certificate === undefined ? {} : { cert: certificate.chain, key: certificate.privateKey };
    const socket = connect({ host: '127.0.0.1', port, servername, ca, ...own }, () => {
      const der = socket.getPeerX509Certificate()?.raw;
      socket.destroy();
      resolve(der === undefined ? '' : der.toString('base64'));
    });
    socket.once('error', reject);
  });
}

/** The same form for a PEM: the base64 of its first certificate. */
export function derOf(pem: string): string {
  return (/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? '').replaceAll(/\s/g, '');
}
