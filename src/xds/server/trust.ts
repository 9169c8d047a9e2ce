import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isTls } from './peer.ts';

/**
 * Whether a connection that is up would still come about. `unknown`: its certificate was issued below an intermediate
 * that Node does not show any more, so only a new handshake can tell.
 */
type Verdict = 'trusted' | 'untrusted' | 'unknown';

/** The CAs that client certificates must come from, as far as connections that are up are concerned. */
export class Trust {
  readonly #anchors: readonly X509Certificate[];
  /** Those that went with the bundle before. */
  readonly #gone: readonly X509Certificate[];

  constructor(bundle: Uint8Array, before?: Trust) {
    this.#anchors = certificatesIn(bundle);
    const kept = new Set(this.#anchors.map((one) => one.fingerprint256));
    this.#gone = (before === undefined ? [] : before.#anchors).filter((one) => !kept.has(one.fingerprint256));
  }

  /** Nothing that was trusted is not: what is up may stay. */
  get onlyGrew(): boolean {
    return this.#gone.length === 0;
  }

  verdict(socket: Socket | TLSSocket): Verdict {
    const certificate = isTls(socket) ? socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) return 'untrusted';
    if (this.#anchors.some((anchor) => isIssuedBy(certificate, anchor))) return 'trusted';
    return this.#gone.some((anchor) => isIssuedBy(certificate, anchor)) ? 'untrusted' : 'unknown';
  }
}

function certificatesIn(bundle: Uint8Array): readonly X509Certificate[] {
  const blocks = Buffer.from(bundle)
    .toString('latin1')
    .matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return Array.from(blocks, ([block]) => new X509Certificate(block));
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // A key that OpenSSL cannot use signed nothing here.
  }
}
