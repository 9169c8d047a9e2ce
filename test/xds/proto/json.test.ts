import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';

const registry = loadRegistry();
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const LISTENER = 'envoy.config.listener.v3.Listener';
const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';
const SECRET = 'envoy.extensions.transport_sockets.tls.v3.Secret';
const url = (type: string): string => `type.googleapis.com/${type}`;

describe('fromJson', () => {
  it('takes snake_case, durations, scalar wrappers and enum names', () => {
    const message = registry.fromJson(CLUSTER, {
      name: 'a',
      connect_timeout: '0.25s',
      lbPolicy: 'LEAST_REQUEST',
      per_connection_buffer_limit_bytes: 1024,
      dns_refresh_rate: '5s',
    });
    expect(message).toEqual({
      name: 'a',
      connectTimeout: { nanos: 250_000_000 },
      lbPolicy: 1,
      perConnectionBufferLimitBytes: { value: 1024 },
      dnsRefreshRate: { seconds: 5 },
    });
  });

  it('packs Any at any depth, and toJson unpacks it', () => {
    const json = {
      name: 'l',
      filterChains: [
        {
          filters: [
            {
              name: 'hcm',
              typedConfig: {
                '@type': url(HCM),
                statPrefix: 'x',
                httpFilters: [
                  { name: 'r', typedConfig: { '@type': url(ROUTER), suppressEnvoyHeaders: true } },
                ],
                streamIdleTimeout: '300s',
              },
            },
          ],
        },
      ],
    };
    const message = registry.fromJson(LISTENER, json);
    expect(registry.toJson(LISTENER, message)).toEqual(json);
  });

  it('packs well-known types in an Any under `value`', () => {
    const type = 'envoy.config.core.v3.TypedExtensionConfig';
    for (const json of [
      { name: 'a', typedConfig: { '@type': url('google.protobuf.Duration'), value: '1.500s' } },
      { name: 'a', typedConfig: { '@type': url('google.protobuf.StringValue'), value: 'x' } },
      {
        name: 'a',
        typedConfig: { '@type': url('google.protobuf.Struct'), value: { b: [1, null, true, 'x'] } },
      },
      { name: 'a', typedConfig: { '@type': url('google.protobuf.Any'), value: { '@type': url(ROUTER) } } },
    ])
      expect(registry.toJson(type, registry.fromJson(type, json))).toEqual(json);
  });

  it('keeps an Any of an unknown type as base64', () => {
    const type = 'envoy.config.core.v3.TypedExtensionConfig';
    const json = { name: 'a', typedConfig: { '@type': 'type.googleapis.com/our.own.Filter', value: 'CgFh' } };
    const message = registry.fromJson(type, json);
    expect(message['typedConfig']).toEqual({
      typeUrl: 'type.googleapis.com/our.own.Filter',
      value: new Uint8Array([10, 1, 97]),
    });
    expect(registry.toJson(type, message)).toEqual(json);
    const raw = { name: 'a', typedConfig: { type_url: 'type.googleapis.com/our.own.Filter', value: 'CgFh' } };
    expect(registry.fromJson(type, raw)).toEqual(message);
  });

  const filter = (typedConfig: object): object => ({ filterChains: [{ filters: [{ typedConfig }] }] });

  it.each([
    [
      'an unknown field',
      CLUSTER,
      { lb_polcy: 1 },
      /^lb_polcy: .* has no such field; did you mean "lb_policy"\?$/,
    ],
    [
      'an unknown field in a nested Any',
      LISTENER,
      filter({ '@type': url(HCM), httpFilters: [{ name: 'a', disabeld: true }] }),
      /^filterChains\[0\]\.filters\[0\]\.typedConfig\.httpFilters\[0\]\.disabeld: .* did you mean "disabled"\?$/,
    ],
    [
      'an unknown @type',
      LISTENER,
      filter({ '@type': url(HCM.replace('Manager', 'Manger')), statPrefix: 'x' }),
      new RegExp(
        `^filterChains\\[0\\]\\.filters\\[0\\]\\.typedConfig\\.@type: unknown message .*did you mean "${HCM}"\\?$`,
      ),
    ],
    [
      'an @type in the wrong package',
      LISTENER,
      filter({ '@type': url('envoy.filters.http.Router'), a: 1 }),
      /did you mean "envoy\.extensions\.filters\.\S*\.Router"\?/,
    ],
    ['a missing @type', LISTENER, filter({ statPrefix: 'x' }), /typedConfig\.@type: is missing/],
    [
      'a number as duration',
      CLUSTER,
      { connectTimeout: 5 },
      /^connectTimeout: expected a duration such as "5s"/,
    ],
    [
      'text as number',
      CLUSTER,
      { maxRequestsPerConnection: 'many' },
      /^maxRequestsPerConnection: expected an integer/,
    ],
    [
      'a number too large',
      CLUSTER,
      { maxRequestsPerConnection: 2 ** 32 },
      /must be between 0 and 4294967295/,
    ],
    [
      'an unknown enum name',
      CLUSTER,
      { lbPolicy: 'ROUND_ROBN' },
      /^lbPolicy: .* did you mean "ROUND_ROBIN"\?$/,
    ],
    ['an object as list', CLUSTER, { healthChecks: {} }, /^healthChecks: expected a list, got an object$/],
    ['a list as message', CLUSTER, { loadAssignment: [] }, /^loadAssignment: expected an object/],
    [
      'two members of a oneof',
      CLUSTER,
      { type: 'EDS', clusterType: { name: 'x' } },
      /^clusterType: only one of/,
    ],
    [
      'a field under two names',
      CLUSTER,
      { lbPolicy: 0, lb_policy: 1 },
      /^lb_policy: this field is given twice$/,
    ],
    ['no object at all', CLUSTER, 'x', /^expected an object/],
    ['a bad base64', 'google.protobuf.BytesValue', '!', /expected base64 text/],
    ['NaN in a Struct', 'google.protobuf.Struct', { a: Number.NaN }, /^\.a: expected a JSON value/],
  ])('refuses %s', (_, type, json, text) => {
    expect(() => registry.fromJson(type, json)).toThrow(text);
  });
});

describe('toJson', () => {
  it('is canonical: lowerCamelCase, names of enums, 64-bit integers as text, no defaults', () => {
    const message = {
      name: 'a',
      type: 3,
      lbPolicy: 0,
      ringHashLbConfig: { minimumRingSize: { value: 2048 } },
    };
    expect(registry.toJson(CLUSTER, message)).toEqual({
      name: 'a',
      type: 'EDS',
      ringHashLbConfig: { minimumRingSize: '2048' },
    });
  });

  it.each([
    [{ seconds: 5 }, '5s'],
    [{ nanos: 250_000_000 }, '0.250s'],
    [{ seconds: 1, nanos: 1 }, '1.000000001s'],
    [{ seconds: 1, nanos: 1000 }, '1.000001s'],
    [{ seconds: -1, nanos: -500_000_000 }, '-1.500s'],
    [{ nanos: -1 }, '-0.000000001s'],
    [{}, '0s'],
  ])('writes the duration %j as %s and reads it back', (message, text) => {
    expect(registry.toJson('google.protobuf.Duration', message)).toBe(text);
    expect(registry.fromJson('google.protobuf.Duration', text)).toEqual(message);
  });

  it('writes times, masks and special floats', () => {
    expect(registry.toJson('google.protobuf.Timestamp', { seconds: 1, nanos: 5000 })).toBe(
      '1970-01-01T00:00:01.000005Z',
    );
    expect(registry.fromJson('google.protobuf.Timestamp', '1970-01-01T01:00:01.5+01:00')).toEqual({
      seconds: 1,
      nanos: 500_000_000,
    });
    expect(registry.toJson('google.protobuf.FieldMask', { paths: ['a_b.c', 'd'] })).toBe('aB.c,d');
    expect(registry.toJson('google.protobuf.DoubleValue', { value: Number.POSITIVE_INFINITY })).toBe(
      'Infinity',
    );
    expect(registry.fromJson('google.protobuf.DoubleValue', 'NaN')).toEqual({ value: Number.NaN });
  });

  it('keeps secrets out of errors, also when they stand in the wrong place', () => {
    const key = 'MARKER-KEY-'.repeat(3);
    const attempts = [
      () => registry.fromJson(SECRET, { tlsCertificate: { privateKey: { inlineBytes: `!${key}` } } }),
      () => registry.fromJson(SECRET, { tlsCertificate: { privateKey: key } }),
      () => registry.fromJson(SECRET, { tlsCertificate: { certificateChain: key } }),
      () => registry.fromJson(SECRET, { tlsCertificate: key }),
      () => registry.encode(SECRET, { tlsCertificate: { privateKey: key } }),
      () => registry.encode(SECRET, { tlsCertificate: { certificateChain: { inlineBytes: key } } }),
      () => registry.toJson(SECRET, { tlsCertificate: { privateKey: key } }),
    ];
    for (const attempt of attempts) {
      let error: unknown;
      expect(() => {
        try {
          attempt();
        } catch (thrown) {
          error = thrown;
          throw thrown;
        }
      }).toThrow();
      expect(inspect(error, { depth: 10 })).not.toContain('MARKER');
    }
  });

  it('shows nothing that the API marks as sensitive when asked to redact', () => {
    const key = 'MARKER-KEY-BYTES';
    const secret = {
      name: 's',
      tlsCertificate: {
        certificateChain: { inlineString: 'chain' },
        privateKey: { inlineString: key },
      },
    };
    const shown = JSON.stringify(registry.toJson(SECRET, secret, { redact: true }));
    expect(shown).toContain('"chain"');
    expect(shown).toContain('[redacted]');
    expect(shown).not.toContain(key);
    expect(JSON.stringify(registry.toJson(SECRET, secret))).toContain(key);
  });
});
