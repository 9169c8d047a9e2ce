import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Who is at the other end of a connection, as far as the transport proves it. */
export interface Peer {
  readonly address: string;
  /** The URI SANs of the client certificate, in its order; empty without one. */
  readonly uriSans: readonly string[];
  /** Epoch milliseconds: the end of the client certificate. */
  readonly certificateNotAfter?: number;
  /** SHA-256 of the client certificate, lower-case hex without colons. */
  readonly certificateFingerprint?: string;
  /** Serial number of the client certificate, lower-case hex without leading zeros. */
  readonly certificateSerial?: string;
  readonly loopback: boolean;
  readonly encrypted: boolean;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** What the socket itself says; the certificate was verified in the handshake. */
export function peerOf(socket: Socket | TLSSocket): Peer {
  const address = socket.remoteAddress ?? '';
  const base = { address, loopback: LOOPBACK.test(address) };
  if (!isTls(socket)) return { ...base, uriSans: [], encrypted: false };
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { ...base, uriSans: [], encrypted: true };
  return { ...base, ...certificateFacts(certificate), encrypted: true };
}

export function isTls(socket: Socket | TLSSocket): socket is TLSSocket {
  return 'encrypted' in socket && socket.encrypted;
}

function certificateFacts(certificate: X509Certificate): Omit<Peer, 'address' | 'loopback' | 'encrypted'> {
  return {
    uriSans: uriSansOf(certificate.subjectAltName ?? ''),
    certificateNotAfter: Date.parse(certificate.validTo),
    certificateFingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    certificateSerial: certificate.serialNumber.replace(/^0+(?=.)/, '').toLowerCase(),
  };
}

/**
 * URI entries of Node's text form of subjectAltName. A value with a comma or a quote in it is printed as a JSON
 * string, so a DNS name that spells `, URI:spiffe://...` stays one quoted entry and cannot forge a second.
 */
export function uriSansOf(subjectAltName: string): readonly string[] {
  const entry = /\s*([^:,"]+):(?:"((?:[^"\\]|\\.)*)"|([^,"]*))(?:,|$)/gy;
  const found: string[] = [];
  for (const [, kind, quoted, plain] of subjectAltName.matchAll(entry)) {
    if (kind === 'URI') found.push(quoted === undefined ? (plain ?? '') : String(JSON.parse(`"${quoted}"`)));
  }
  return found;
}
