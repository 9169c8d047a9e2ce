import { isIP } from 'node:net';
import type { HostPort } from './address.ts';

/** Paths on the proxy's machine. */
export interface MutualTls {
  readonly certificate: string;
  readonly privateKey: string;
  readonly ca: string;
}

/**
 * TLS 1.3 with the node's own certificate. The server must prove one of the names that it is
 * reached by: without that, any node's certificate of the same CA could stand in for muster.
 */
export function mutualTls({ certificate, privateKey, ca }: MutualTls, xds: readonly HostPort[]) {
  const names = [...new Set(xds.map(({ host }) => host.replace(/\.$/, '')))];
  const [sni] = names.filter((name) => isIP(name) === 0);
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      ...(sni === undefined ? {} : { sni }),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        alpn_protocols: ['h2'],
        tls_certificates: [
          { certificate_chain: { filename: certificate }, private_key: { filename: privateKey } },
        ],
        validation_context: {
          trusted_ca: { filename: ca },
          match_typed_subject_alt_names: names.map((name) => ({
            san_type: isIP(name) === 0 ? 'DNS' : 'IP_ADDRESS',
            matcher: { exact: name },
          })),
        },
      },
    },
  };
}
