const envoy = (name: string): string => `type.googleapis.com/envoy.${name}`;

/** Type URLs of what Envoy asks for, by their usual short words. */
export const TYPE_URL = {
  cluster: envoy('config.cluster.v3.Cluster'),
  endpoint: envoy('config.endpoint.v3.ClusterLoadAssignment'),
  localityEndpoint: envoy('config.endpoint.v3.LbEndpoint'),
  listener: envoy('config.listener.v3.Listener'),
  route: envoy('config.route.v3.RouteConfiguration'),
  scopedRoute: envoy('config.route.v3.ScopedRouteConfiguration'),
  virtualHost: envoy('config.route.v3.VirtualHost'),
  secret: envoy('extensions.transport_sockets.tls.v3.Secret'),
  runtime: envoy('service.runtime.v3.Runtime'),
  extensionConfig: envoy('config.core.v3.TypedExtensionConfig'),
} as const;

/** The order of make before break: one queue a stream, this order on the wire (rules O1-O3). */
export const PUSH_ORDER: readonly string[] = [
  TYPE_URL.cluster,
  TYPE_URL.endpoint,
  TYPE_URL.localityEndpoint,
  TYPE_URL.secret,
  TYPE_URL.listener,
  TYPE_URL.route,
  TYPE_URL.scopedRoute,
  TYPE_URL.virtualHost,
  TYPE_URL.runtime,
  TYPE_URL.extensionConfig,
];
