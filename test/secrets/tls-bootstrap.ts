/** A static bootstrap with one TLS listener on a free loopback port, its pair inline. */
export function tlsBootstrap(
  pair: { certificate: Uint8Array; privateKey: Uint8Array },
  validation?: object,
): object {
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: inline(pair.certificate), private_key: inline(pair.privateKey) },
      ],
      ...(validation === undefined ? {} : { validation_context: validation }),
    },
  };
  const answer = { match: { prefix: '/' }, direct_response: { status: 200 } };
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'x',
    route_config: { virtual_hosts: [{ name: 'x', domains: ['*'], routes: [answer] }] },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const chain = {
    transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls },
    filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }],
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  return {
    static_resources: { listeners: [{ name: 'x', address, filter_chains: [chain] }] },
  };
}

export function inline(bytes: Uint8Array): object {
  return { inline_bytes: Buffer.from(bytes).toString('base64') };
}
