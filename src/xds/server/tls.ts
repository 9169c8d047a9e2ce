import { constants } from 'node:crypto';
import type { SecureServerOptions } from 'node:http2';

/** PEM bytes of the server's own certificate and of the CA that node certificates must come from. */
export interface XdsTls {
  readonly certificate: Uint8Array;
  readonly privateKey: Uint8Array;
  /** Required: without a CA of its own the server would trust every public one. */
  readonly clientCa: Uint8Array;
}

/**
 * TLS 1.3 only, a client certificate always, no resumption: a resumed session would skip the check of the chain.
 * Without tickets Node keeps no session either, as nothing answers `resumeSession`.
 */
export function tlsContext(tls: XdsTls): SecureServerOptions {
  if (tls.clientCa === undefined || tls.clientCa.length === 0) {
    throw new TypeError(
      'TLS for xDS needs clientCa: the PEM of the CA that signs node certificates. Without it any certificate of a public CA would be let in.',
    );
  }
  return {
    cert: Buffer.from(tls.certificate),
    key: Buffer.from(tls.privateKey),
    ca: Buffer.from(tls.clientCa),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
    ALPNProtocols: ['h2'],
    allowHTTP1: false,
    handshakeTimeout: 5000,
  };
}
