import type { LoadBalancing, Service } from '../model/config.ts';
import { ADS, duration, type Message, type Proto } from './proto.ts';
import { makeResource, type TranslatedResource } from './resource.ts';

export const CLUSTER_TYPE = 'envoy.config.cluster.v3.Cluster';
const HTTP_OPTIONS_TYPE = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Edge best practice: 32 KiB instead of Envoy's 1 MiB per connection. */
const CONNECTION_BUFFER_BYTES = 32_768;

/** A service is an EDS cluster of the same name; its endpoints travel apart (see endpoint.ts). */
export function clusterResource(service: Service, message: Message, proto: Proto): TranslatedResource {
  return makeResource(proto, {
    type: CLUSTER_TYPE,
    name: service.name,
    message,
    origins: [service.origin],
    needs: { endpoints: [service.name] },
  });
}

/**
 * Localities carry no weight of their own: every endpoint gets its share by its own weight, wherever
 * it stands, and zone-aware routing works where the proxy's bootstrap names its local cluster.
 */
export function clusterMessage(service: Service, proto: Proto): Message {
  return {
    name: service.name,
    type: 3, // EDS
    edsClusterConfig: { edsConfig: ADS },
    connectTimeout: duration(service.connectTimeoutMs),
    perConnectionBufferLimitBytes: { value: CONNECTION_BUFFER_BYTES },
    ...loadBalancing(service.loadBalancing),
    ...upstreamProtocol(service, proto),
  };
}

function loadBalancing(choice: LoadBalancing): Message {
  if (choice.policy === 'roundRobin') return { lbPolicy: 0 };
  return { lbPolicy: 1, leastRequestLbConfig: { choiceCount: { value: choice.choices } } };
}

/** `allow_connect` lets a WebSocket pass to an HTTP/2 upstream (RFC 8441). */
function upstreamProtocol({ protocol }: Service, proto: Proto): Message {
  if (protocol === 'http1') return {};
  const explicitHttpConfig = { http2ProtocolOptions: { allowConnect: true } };
  return {
    typedExtensionProtocolOptions: { [HTTP_OPTIONS]: proto.any(HTTP_OPTIONS_TYPE, { explicitHttpConfig }) },
  };
}
