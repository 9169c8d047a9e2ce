import type { Listener } from '../model/config.ts';
import { FILTERS } from './filters/index.ts';
import { ADS, duration, type Message, type Proto } from './proto.ts';

const ROUTER_TYPE = 'envoy.extensions.filters.http.router.v3.Router';

/**
 * Envoy's best practices for an edge proxy, which its defaults are not (they suit a mesh):
 * https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge.
 * Left out on purpose: `request_timeout`, which would cut long uploads and streams.
 */
const EDGE: Message = {
  useRemoteAddress: { value: true },
  normalizePath: { value: true },
  mergeSlashes: true,
  pathWithEscapedSlashesAction: 3, // UNESCAPE_AND_REDIRECT
  commonHttpProtocolOptions: {
    idleTimeout: duration(3_600_000),
    headersWithUnderscoresAction: 1, // REJECT_REQUEST
  },
  http2ProtocolOptions: {
    maxConcurrentStreams: { value: 100 },
    initialStreamWindowSize: { value: 65_536 },
    initialConnectionWindowSize: { value: 1_048_576 },
    // A WebSocket over HTTP/2 (RFC 8441).
    allowConnect: true,
  },
  streamIdleTimeout: duration(300_000),
  requestHeadersTimeout: duration(60_000),
};

/** Routes travel only by RDS, under the listener's name. */
export function connectionManager(listener: Listener, proto: Proto): Message {
  return {
    ...EDGE,
    statPrefix: listener.name,
    rds: { configSource: ADS, routeConfigName: listener.name },
    httpFilters: [...routeFilters(proto), router(proto)],
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    ...portStripping(listener),
  };
}

/** All of the registry, switched off: a route's own config switches its filter on. */
function routeFilters(proto: Proto): readonly Message[] {
  return FILTERS.flatMap(({ httpFilter }) =>
    httpFilter === undefined
      ? []
      : [
          {
            name: httpFilter.name,
            typedConfig: proto.any(httpFilter.type, httpFilter.config),
            disabled: true,
          },
        ],
  );
}

function router(proto: Proto): Message {
  return { name: 'envoy.filters.http.router', typedConfig: proto.any(ROUTER_TYPE, {}) };
}

/** Where every request is redirected, the port it came to is never part of the answer. */
function portStripping({ redirectToHttps }: Listener): Message {
  return redirectToHttps === undefined ? {} : { stripAnyHostPort: true };
}
