import type { LoadBalancing, Service, Subsets } from '../model/config.ts';
import { rankedPriority } from '../model/endpoint-order.ts';
import { loadAssignment } from './endpoint.ts';
import { textStruct } from './metadata.ts';
import { ADS, duration, type Message, type Proto } from './proto.ts';
import { makeResource, type TranslatedResource } from './resource.ts';

export const CLUSTER_TYPE = 'envoy.config.cluster.v3.Cluster';
const HTTP_OPTIONS_TYPE = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Edge best practice: 32 KiB instead of Envoy's 1 MiB per connection. */
const CONNECTION_BUFFER_BYTES = 32_768;

/** A service is a cluster of the same name; its endpoints travel apart (see endpoint.ts) unless the proxy resolves them. */
export function clusterResource(service: Service, message: Message, proto: Proto): TranslatedResource {
  return makeResource(proto, {
    type: CLUSTER_TYPE,
    name: service.name,
    message,
    origins: [service.origin],
    needs: { endpoints: service.hosts === undefined ? [service.name] : [] },
  });
}

/**
 * Without `localityWeights` localities carry no weight of their own: every endpoint gets its share by
 * its own weight, wherever it stands, and zone-aware routing works where the proxy's bootstrap names
 * its local cluster.
 */
export function clusterMessage(service: Service, proto: Proto): Message {
  return {
    name: service.name,
    ...discovery(service),
    connectTimeout: duration(service.connectTimeoutMs),
    perConnectionBufferLimitBytes: { value: CONNECTION_BUFFER_BYTES },
    ...loadBalancing(service.loadBalancing),
    ...(service.localityWeights === undefined ? {} : { commonLbConfig: { localityWeightedLbConfig: {} } }),
    ...subsetting(service),
    ...upstreamProtocol(service, proto),
  };
}

/** Names are asked for every 5 s, which is Envoy's own default; a VM is sure to have IPv4, not IPv6. */
function discovery(service: Service): Message {
  const { hosts } = service;
  if (hosts === undefined) return { type: 3 /* EDS */, edsClusterConfig: { edsConfig: ADS } };
  const ranked = hosts.map((host) => {
    return { ...host, priority: rankedPriority(host.priority, host.locality, service.failover) };
  });
  const assignment = loadAssignment(service, ranked);
  return { type: 1 /* STRICT_DNS */, dnsLookupFamily: 3 /* V4_PREFERRED */, loadAssignment: assignment };
}

function loadBalancing(choice: LoadBalancing): Message {
  if (choice.policy === 'roundRobin') return { lbPolicy: 0 };
  return { lbPolicy: 1, leastRequestLbConfig: { choiceCount: { value: choice.choices } } };
}

/** A subset that has few of a locality's endpoints gets that much less of its share. */
function subsetting({ subsets, localityWeights }: Service): Message {
  if (subsets === undefined) return {};
  const weighted = { localityWeightAware: true, scaleLocalityWeight: true };
  const lbSubsetConfig = {
    ...fallback(subsets.fallback),
    subsetSelectors: subsets.keys.map((keys) => ({ keys })),
    ...(localityWeights === undefined ? {} : weighted),
  };
  return { lbSubsetConfig };
}

function fallback(choice: Subsets['fallback']): Message {
  if (choice === 'none') return { fallbackPolicy: 0 };
  if (choice === 'any') return { fallbackPolicy: 1 };
  return { fallbackPolicy: 2, defaultSubset: textStruct([...choice.default]) };
}

/** `allow_connect` lets a WebSocket pass to an HTTP/2 upstream (RFC 8441). */
function upstreamProtocol({ protocol }: Service, proto: Proto): Message {
  if (protocol === 'http1') return {};
  const explicitHttpConfig = { http2ProtocolOptions: { allowConnect: true } };
  return {
    typedExtensionProtocolOptions: { [HTTP_OPTIONS]: proto.any(HTTP_OPTIONS_TYPE, { explicitHttpConfig }) },
  };
}
