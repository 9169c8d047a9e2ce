import { X509Certificate } from 'node:crypto';
import { credentials } from '@grpc/grpc-js';
import type { XdsTls } from '../../../src/xds/server/tls.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../../secrets/certificates.ts';

export const fingerprintOf = ({ certificate }: MadeCertificate): string =>
  new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
export const serialOf = ({ certificate }: MadeCertificate): string =>
  new X509Certificate(certificate).serialNumber.toLowerCase();

export const SPIFFE = 'spiffe://example.org/group/edge/node/n1';

export function serverTls(ca: MadeCertificate, own: MadeCertificate): XdsTls {
  return {
    certificate: Buffer.from(own.chain),
    privateKey: Buffer.from(own.privateKey),
    clientCa: Buffer.from(ca.certificate),
  };
}

export async function setUp() {
  const ca = await makeCa();
  const own = await makeCertificate({ issuer: ca, names: ['localhost'], ips: ['127.0.0.1'] });
  const node = await makeCertificate({ issuer: ca, uris: [SPIFFE] });
  return { ca, own, node, tls: serverTls(ca, own) };
}

export const secure = (ca: MadeCertificate, node?: MadeCertificate) =>
  node === undefined
    ? credentials.createSsl(Buffer.from(ca.certificate))
    : credentials.createSsl(
        Buffer.from(ca.certificate),
        Buffer.from(node.privateKey),
        Buffer.from(node.chain),
      );
