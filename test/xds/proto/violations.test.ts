import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';

const registry = loadRegistry();
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const CLA = 'envoy.config.endpoint.v3.ClusterLoadAssignment';
const LISTENER = 'envoy.config.listener.v3.Listener';
const ROUTES = 'envoy.config.route.v3.RouteConfiguration';
const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

const found = (type: string, message: object): string[] =>
  registry.violations(type, message).map(({ path, rule }) => `${path} ${rule}`);
const endpoint = (socketAddress: object): object => ({
  clusterName: 'a',
  endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } } }] }],
});
const route = (more: object): object => ({
  virtualHosts: [
    { name: 'a', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'c' }, ...more }] },
  ],
});
const ENDPOINT = 'endpoints[0].lbEndpoints[0].endpoint.address.socketAddress';
const ROUTE = 'virtualHosts[0].routes[0]';

describe('violations of validate.rules', () => {
  it('finds nothing in messages that hold', () => {
    expect(found(CLUSTER, { name: 'a', type: 'EDS', connectTimeout: { seconds: 5 } })).toEqual([]);
    expect(found(CLA, endpoint({ address: '10.0.0.1', portValue: 65535 }))).toEqual([]);
    expect(found(ROUTES, route({}))).toEqual([]);
  });

  it.each([
    ['string.min_len, unset', CLUSTER, {}, ['name string.min_len']],
    ['string.min_len, empty', CLUSTER, { name: '' }, ['name string.min_len']],
    ['uint32.lte', CLA, endpoint({ address: 'a', portValue: 65536 }), [`${ENDPOINT}.portValue uint32.lte`]],
    ['oneof.required', CLA, endpoint({ address: 'a' }), [`${ENDPOINT}.portSpecifier oneof.required`]],
    [
      'uint32.gte in a wrapper',
      CLA,
      { clusterName: 'a', endpoints: [{ lbEndpoints: [{ loadBalancingWeight: { value: 0 } }] }] },
      ['endpoints[0].lbEndpoints[0].loadBalancingWeight uint32.gte'],
    ],
    ['duration.gt', CLUSTER, { name: 'a', connectTimeout: {} }, ['connectTimeout duration.gt']],
    [
      'duration.gt below zero',
      CLUSTER,
      { name: 'a', connectTimeout: { nanos: -1 } },
      ['connectTimeout duration.gt'],
    ],
    [
      'duration.gt {nanos}',
      CLUSTER,
      { name: 'a', dnsRefreshRate: { nanos: 1_000_000 } },
      ['dnsRefreshRate duration.gt'],
    ],
    ['enum.defined_only', CLUSTER, { name: 'a', lbPolicy: 99 }, ['lbPolicy enum.defined_only']],
    ['enum.defined_only by name', CLUSTER, { name: 'a', lbPolicy: 'NONE' }, ['lbPolicy enum.defined_only']],
    [
      'xds-cases TestValidate: repeated.min_items',
      ROUTES,
      { virtualHosts: [{ name: 'a' }] },
      ['virtualHosts[0].domains repeated.min_items'],
    ],
    [
      'repeated.items.string.well_known_regex',
      ROUTES,
      { virtualHosts: [{ name: 'a', domains: ['ok', 'b\nc'] }] },
      ['virtualHosts[0].domains[1] string.well_known_regex'],
    ],
    [
      'message.required',
      ROUTES,
      { virtualHosts: [{ name: 'a', domains: ['*'], routes: [{ route: { cluster: 'c' } }] }] },
      [`${ROUTE}.match message.required`],
    ],
    [
      'string.pattern',
      ROUTES,
      route({ match: { pathSeparatedPrefix: '/a/' } }),
      [`${ROUTE}.match.pathSeparatedPrefix string.pattern`],
    ],
    [
      'repeated.max_items',
      ROUTES,
      route({ requestHeadersToAdd: Array.from({ length: 1001 }, () => ({ header: { key: 'a' } })) }),
      [`${ROUTE}.requestHeadersToAdd repeated.max_items`],
    ],
    [
      'bool.const',
      'envoy.config.bootstrap.v3.Bootstrap',
      { statsFlushOnAdmin: false },
      ['statsFlushOnAdmin bool.const'],
    ],
    [
      'string.in',
      'envoy.config.core.v3.SchemeHeaderTransformation',
      { schemeToOverwrite: 'ftp' },
      ['schemeToOverwrite string.in'],
    ],
    [
      'enum.not_in',
      'envoy.config.core.v3.HealthCheck.HttpHealthCheck',
      { path: '/', method: 'CONNECT' },
      ['method enum.not_in'],
    ],
    [
      'map.keys.string.min_len',
      'envoy.config.core.v3.Metadata',
      { filterMetadata: { '': {} } },
      ['filterMetadata[""] string.min_len'],
    ],
    [
      'repeated.unique',
      'envoy.config.route.v3.InternalRedirectPolicy',
      { responseHeadersToCopy: ['a', 'a'] },
      ['responseHeadersToCopy repeated.unique'],
    ],
    [
      'double.lte',
      'envoy.config.cluster.v3.Cluster.PreconnectPolicy',
      { perUpstreamPreconnectRatio: { value: 3.5 } },
      ['perUpstreamPreconnectRatio double.lte'],
    ],
  ])('%s', (_, type, message, expected) => {
    expect(found(type, message)).toEqual(expected);
  });

  it('finds several at once', () => {
    expect(found(CLUSTER, { connectTimeout: {}, lbPolicy: 99 })).toHaveLength(3);
  });

  it('goes through nested Any of known types, and says when one does not parse', () => {
    const hcm = (value: Uint8Array): object => ({
      filterChains: [
        { filters: [{ name: 'hcm', typedConfig: { typeUrl: `type.googleapis.com/${HCM}`, value } }] },
      ],
    });
    const inner = registry.encode(HCM, { statPrefix: 'x', routeConfig: { virtualHosts: [{ name: 'a' }] } });
    const path = 'filterChains[0].filters[0].typedConfig';
    const expected = [`${path}.routeConfig.virtualHosts[0].domains repeated.min_items`];
    expect(found(LISTENER, hcm(inner))).toEqual(expected);
    // The second look is answered from what is known of the same bytes.
    expect(found(LISTENER, hcm(inner))).toEqual(expected);
    expect(found(LISTENER, hcm(Uint8Array.of(255)))).toEqual([`${path} any.value`]);
    const unknown = { typeUrl: 'type.googleapis.com/our.own.Filter', value: Uint8Array.of(255) };
    expect(found(LISTENER, { filterChains: [{ filters: [{ name: 'x', typedConfig: unknown }] }] })).toEqual(
      [],
    );
  });

  it('ends on Any in Any without end', () => {
    let any = registry.any(CLUSTER, { name: 'a' });
    for (let level = 0; level < 200; level++) any = registry.any('google.protobuf.Any', any);
    expect(found('google.protobuf.Any', any).at(0)).toContain('any.depth');
  });

  it('never shows a value, since it may be a secret', () => {
    const message = endpoint({ address: 'a', portValue: 123_456 });
    expect(JSON.stringify(registry.violations(CLA, message))).not.toContain('123456');
  });

  it('repair: a rule with ignore_empty holds for the empty string and is checked otherwise', () => {
    const type = 'envoy.config.core.v3.UpstreamHttpProtocolOptions';
    expect(found(type, { overrideAutoSniHeader: '' })).toEqual([]);
    expect(found(type, { overrideAutoSniHeader: 'b\nd' })).toEqual([
      'overrideAutoSniHeader string.well_known_regex',
    ]);
  });
});
