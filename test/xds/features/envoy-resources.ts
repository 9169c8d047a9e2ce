import type { RawResource } from '../../../src/xds/cache.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';

/** Resources for real clients, written in proto JSON. `source` is where they find the next ones. */
const registry = loadRegistry();
const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

function resource(typeUrl: string, name: string, json: object): RawResource {
  const type = typeUrl.slice('type.googleapis.com/'.length);
  return { name, bytes: registry.encode(type, registry.fromJson(type, json)) };
}

export const ADS_SOURCE = { ads: {}, resourceApiVersion: 'V3' };

export function cluster(name: string, source: object, more: object = {}): RawResource {
  return resource(TYPE_URL.cluster, name, {
    name,
    type: 'EDS',
    connectTimeout: '1s',
    edsClusterConfig: { edsConfig: source, serviceName: name },
    ...more,
  });
}

export function endpoints(clusterName: string, ports: readonly number[]): RawResource {
  const lbEndpoints = ports.map((portValue) => ({
    endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue } } },
  }));
  const locality = { region: 'here', zone: 'a' };
  const group = { locality, lbEndpoints, loadBalancingWeight: 1 };
  return resource(TYPE_URL.endpoint, clusterName, { clusterName, endpoints: [group] });
}

export function route(name: string, clusterName: string): RawResource {
  const routes = [{ match: { prefix: '' }, route: { cluster: clusterName } }];
  return resource(TYPE_URL.route, name, { name, virtualHosts: [{ name: 'all', domains: ['*'], routes }] });
}

function connectionManager(routeName: string, source: object): object {
  return {
    '@type': `type.googleapis.com/${HCM}`,
    statPrefix: 'in',
    rds: { routeConfigName: routeName, configSource: source },
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: { '@type': ROUTER } }],
  };
}

/** What a gRPC client looks for under the name of its target. */
export function apiListener(name: string, routeName: string): RawResource {
  const manager = connectionManager(routeName, ADS_SOURCE);
  return resource(TYPE_URL.listener, name, { name, apiListener: { apiListener: manager } });
}

export interface ListenerOptions {
  readonly port: number;
  readonly routeName: string;
  readonly source: object;
  /** The SDS name of its certificate: HTTPS. */
  readonly secret?: string;
}

export function listener(name: string, options: ListenerOptions): RawResource {
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: connectionManager(options.routeName, options.source),
  };
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    commonTlsContext: {
      tlsCertificateSdsSecretConfigs: [{ name: options.secret, sdsConfig: options.source }],
    },
  };
  const transportSocket = { name: 'envoy.transport_sockets.tls', typedConfig: tls };
  return resource(TYPE_URL.listener, name, {
    name,
    address: { socketAddress: { address: '127.0.0.1', portValue: options.port } },
    filterChains: [{ filters: [filter], ...(options.secret === undefined ? {} : { transportSocket }) }],
  });
}

export function secret(
  name: string,
  pair: { readonly chain: string; readonly privateKey: string },
): RawResource {
  return resource(TYPE_URL.secret, name, {
    name,
    tlsCertificate: {
      certificateChain: { inlineString: pair.chain },
      privateKey: { inlineString: pair.privateKey },
    },
  });
}
