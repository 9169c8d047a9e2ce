import { TYPE_URL } from '../type-urls.ts';

/** What one gRPC method of a discovery service does. `typeUrl` is empty on ADS: each request names its own. */
export interface XdsMethod {
  readonly variant: 'sotw' | 'delta' | 'fetch';
  readonly typeUrl: string;
}

interface ServiceRow {
  readonly service: string;
  /** The noun in the method names: StreamClusters, DeltaClusters, FetchClusters. */
  readonly noun: string;
  readonly typeUrl: string;
  readonly variants: readonly XdsMethod['variant'][];
}

const ALL = ['sotw', 'delta', 'fetch'] as const;
const STREAMS = ['sotw', 'delta'] as const;
const DELTA_ONLY = ['delta'] as const;
const PREFIX = { sotw: 'Stream', delta: 'Delta', fetch: 'Fetch' } as const;

/** Section 8 of the rules: service and type belong together, VHDS and LEDS exist as delta only. */
const SERVICES: readonly ServiceRow[] = [
  {
    service: 'discovery.v3.AggregatedDiscoveryService',
    noun: 'AggregatedResources',
    typeUrl: '',
    variants: STREAMS,
  },
  {
    service: 'cluster.v3.ClusterDiscoveryService',
    noun: 'Clusters',
    typeUrl: TYPE_URL.cluster,
    variants: ALL,
  },
  {
    service: 'endpoint.v3.EndpointDiscoveryService',
    noun: 'Endpoints',
    typeUrl: TYPE_URL.endpoint,
    variants: ALL,
  },
  {
    service: 'endpoint.v3.LocalityEndpointDiscoveryService',
    noun: 'LocalityEndpoints',
    typeUrl: TYPE_URL.localityEndpoint,
    variants: DELTA_ONLY,
  },
  {
    service: 'listener.v3.ListenerDiscoveryService',
    noun: 'Listeners',
    typeUrl: TYPE_URL.listener,
    variants: ALL,
  },
  { service: 'route.v3.RouteDiscoveryService', noun: 'Routes', typeUrl: TYPE_URL.route, variants: ALL },
  {
    service: 'route.v3.ScopedRoutesDiscoveryService',
    noun: 'ScopedRoutes',
    typeUrl: TYPE_URL.scopedRoute,
    variants: ALL,
  },
  {
    service: 'route.v3.VirtualHostDiscoveryService',
    noun: 'VirtualHosts',
    typeUrl: TYPE_URL.virtualHost,
    variants: DELTA_ONLY,
  },
  { service: 'secret.v3.SecretDiscoveryService', noun: 'Secrets', typeUrl: TYPE_URL.secret, variants: ALL },
  {
    service: 'runtime.v3.RuntimeDiscoveryService',
    noun: 'Runtime',
    typeUrl: TYPE_URL.runtime,
    variants: ALL,
  },
  {
    service: 'extension.v3.ExtensionConfigDiscoveryService',
    noun: 'ExtensionConfigs',
    typeUrl: TYPE_URL.extensionConfig,
    variants: ALL,
  },
];

/** Every discovery method by its HTTP/2 path. */
export const XDS_METHODS: ReadonlyMap<string, XdsMethod> = new Map(
  SERVICES.flatMap((row) =>
    row.variants.map((variant): [string, XdsMethod] => [
      `/envoy.service.${row.service}/${PREFIX[variant]}${row.noun}`,
      { variant, typeUrl: row.typeUrl },
    ]),
  ),
);

const CSDS = '/envoy.service.status.v3.ClientStatusDiscoveryService';

/** The methods of the client status service (rule C1). */
export const CSDS_METHODS: ReadonlyMap<string, 'stream' | 'fetch'> = new Map([
  [`${CSDS}/StreamClientStatus`, 'stream'],
  [`${CSDS}/FetchClientStatus`, 'fetch'],
]);
