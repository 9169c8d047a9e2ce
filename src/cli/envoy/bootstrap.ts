import type { AdminAddress, HostPort } from './address.ts';
import { type MutualTls, mutualTls } from './mutual-tls.ts';

export interface BootstrapInput {
  readonly id: string;
  /** The node's cluster: by default the group is found by it. */
  readonly cluster: string;
  readonly locality: { readonly region?: string | undefined; readonly zone?: string | undefined };
  /** Every replica of muster; Envoy goes to another when one is gone. */
  readonly xds: readonly HostPort[];
  readonly admin: AdminAddress;
  readonly tls?: MutualTls | undefined;
  readonly maxConnections: number;
}

/** A colon cannot stand in a service's name, so no service can take this cluster's. */
const XDS_CLUSTER = 'muster:xds';

/**
 * The bootstrap of an Envoy as it is released: everything dynamic comes over one delta ADS stream.
 * Plain data in the field names of Envoy's own documentation; it is serialised, never filled into a template.
 */
export function envoyBootstrap(input: BootstrapInput): Readonly<Record<string, unknown>> {
  return {
    node: { id: input.id, cluster: input.cluster, ...localityOf(input) },
    admin: { address: adminAddress(input.admin) },
    dynamic_resources: dynamicResources(),
    static_resources: { clusters: [xdsCluster(input)] },
    layered_runtime: { layers: [{ name: 'admin', admin_layer: {} }] },
    overload_manager: overloadManager(input.maxConnections),
  };
}

function dynamicResources() {
  return {
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      set_node_on_first_message_only: true,
      grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
    },
    cds_config: overAds(),
    lds_config: overAds(),
  };
}

/**
 * Waits for the first config without end: an Envoy that gave up would call itself ready with no
 * listener, and a hot restart would hand the traffic over to it.
 */
function overAds() {
  return { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
}

function xdsCluster({ xds, tls }: BootstrapInput) {
  const allAddresses = xds.every(({ host }) => /^[\d.]+$|:/.test(host));
  return {
    name: XDS_CLUSTER,
    type: allAddresses ? 'STATIC' : 'STRICT_DNS',
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [
        { lb_endpoints: xds.map((address) => ({ endpoint: { address: socketAddress(address) } })) },
      ],
    },
    typed_extension_protocol_options: { [HTTP_OPTIONS]: http2WithKeepalive() },
    ...(tls === undefined ? {} : { transport_socket: mutualTls(tls, xds) }),
  };
}

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** A replica that vanished without a word is noticed after 35 s at the latest. */
function http2WithKeepalive() {
  return {
    '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
    explicit_http_config: {
      http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } },
    },
  };
}

/** An edge proxy without a limit on connections runs out of file descriptors first. */
function overloadManager(maxConnections: number) {
  return {
    resource_monitors: [
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          max_active_downstream_connections: maxConnections,
        },
      },
    ],
  };
}

function adminAddress(admin: AdminAddress) {
  return 'path' in admin ? { pipe: { path: admin.path, mode: 0o600 } } : socketAddress(admin);
}

function socketAddress({ host, port }: HostPort) {
  return { socket_address: { address: host, port_value: port } };
}

function localityOf({ locality: { region, zone } }: BootstrapInput) {
  if (region === undefined && zone === undefined) return {};
  return {
    locality: { ...(region === undefined ? {} : { region }), ...(zone === undefined ? {} : { zone }) },
  };
}
