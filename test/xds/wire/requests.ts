import { loadRegistry } from '../../../src/xds/proto/registry.ts';

export const SOTW = 'envoy.service.discovery.v3.DiscoveryRequest';
const DELTA = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const registry = loadRegistry();
export const fromJson = (type: string, json: unknown): Uint8Array =>
  registry.encode(type, registry.fromJson(type, json));

/** Of the size of a real Envoy's: nearly all of it extensions. */
export const node = {
  id: 'vm-7',
  cluster: 'edge',
  metadata: { role: 'edge', weight: 1.5, on: true, none: null, deep: { list: [1, 'a', { b: [] }] } },
  locality: { region: 'eu-west-1', zone: 'eu-west-1a', sub_zone: 'rack-3' },
  user_agent_name: 'envoy',
  user_agent_build_version: {
    version: { major_number: 1, minor_number: 40, patch: 2 },
    metadata: { ssl: 'x' },
  },
  extensions: Array.from({ length: 800 }, (_, at) => ({
    name: `envoy.filters.http.number_${at}`,
    category: 'envoy.filters.http',
    type_urls: ['envoy.extensions.filters.http.some.v3.Config'],
  })),
  client_features: ['envoy.lb.does_not_support_overprovisioning', 'envoy.lrs.supports_send_all_clusters'],
  listening_addresses: [{ socket_address: { address: '127.0.0.1', port_value: 80 } }],
};
export const sotwBytes = fromJson(SOTW, {
  version_info: 'v1',
  node,
  resource_names: ['a', '', 'b'],
  resource_locators: [{ name: 'locator' }],
  type_url: 'type',
  response_nonce: '7',
  error_detail: { code: 13, message: 'refused', details: [] },
});
export const deltaBytes = fromJson(DELTA, {
  node,
  type_url: 'type',
  resource_names_subscribe: ['a', '*'],
  resource_names_unsubscribe: ['b'],
  resource_locators_subscribe: [{ name: 'locator' }],
  initial_resource_versions: { a: '1', b: '' },
  response_nonce: '8',
  error_detail: { code: -1, message: 'no' },
});
