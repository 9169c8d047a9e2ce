import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface HandshakeFailure {
  readonly address: string;
  readonly message: string;
}

const WORDS: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client gave no certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'the client certificate comes from a CA that is not trusted here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the client certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the client certificate comes from a CA that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'the client certificate comes from a CA that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the client certificate comes from a CA that is not trusted here',
  CERT_SIGNATURE_FAILURE: 'the client certificate is not signed by the CA that it names',
  CERT_HAS_EXPIRED: 'the client certificate has expired',
  CERT_NOT_YET_VALID: 'the client certificate is not valid yet',
  ERR_SSL_PROVIDER_SIGNATURE_FAILURE: 'the client certificate is not signed by the CA that it names',
  INVALID_PURPOSE: 'the client certificate is not for clients',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client does not speak TLS 1.3',
  ERR_SSL_HTTP_REQUEST: 'the client speaks plain HTTP',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the client does not speak TLS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the handshake took too long',
  ECONNRESET: 'the client broke off the handshake',
};

/** Why a handshake failed, in a small set of words: what the client sent is never repeated. */
export function handshakeFailure(error: Error, socket: TLSSocket): HandshakeFailure {
  // Set by Node before it breaks the connection off; the error itself then says no more than that.
  const verdict: unknown = socket.authorizationError;
  const code = typeof verdict === 'string' ? verdict : 'code' in error ? String(error.code) : '';
  return { address: addressOf(socket), message: WORDS[code] ?? `the handshake failed (${code})` };
}

/** Node keeps what was asked for once, and knows nothing any more when a handshake has failed. */
export function rememberAddress(socket: Socket): void {
  void socket.remoteAddress;
}

/** The TLS socket is closed by now; the socket that it wraps has a private name in Node, so it may not be found. */
function addressOf(socket: TLSSocket): string {
  const wrapped: unknown = Reflect.get(socket, '_parent');
  const known = wrapped instanceof Socket ? wrapped.remoteAddress : undefined;
  return socket.remoteAddress ?? known ?? '';
}
