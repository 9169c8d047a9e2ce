import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envoyBootstrap } from '../../src/cli/envoy/bootstrap.ts';
import { toDocument } from '../../src/cli/output.ts';
import { runInProcess } from './in-process.ts';

const BASE = ['bootstrap', '--group', 'edge', '--node-id', 'n1', '--xds', '127.0.0.1:18000'];
const TRICKY = [
  '"',
  "'",
  '$',
  '{HOME}',
  '{{ x }}',
  '#',
  ': ',
  '- ',
  '%',
  '\\',
  'yes',
  '1e3',
  '~',
  'é',
  '😀',
  '*',
  '&a',
];

async function json(...args: readonly string[]) {
  const { out } = await runInProcess(...BASE, ...args, '-o', 'json');
  return JSON.parse(out);
}

describe('muster bootstrap', () => {
  it('asks for everything over one delta ADS stream, with keepalive', async () => {
    const { dynamic_resources, static_resources } = await json();
    expect(dynamic_resources.ads_config.api_type).toBe('DELTA_GRPC');
    expect(dynamic_resources.cds_config).toEqual(dynamic_resources.lds_config);
    const [cluster] = static_resources.clusters;
    const [options] = Object.values<Record<string, unknown>>(cluster.typed_extension_protocol_options);
    expect(JSON.stringify(options)).toContain('"connection_keepalive":{"interval":"30s","timeout":"5s"}');
    expect(cluster.type).toBe('STATIC');
  });

  it('names the group as the cluster, which is what a group matches on, unless told otherwise', async () => {
    expect((await json()).node).toEqual({ id: 'n1', cluster: 'edge' });
    const placed = await json('--cluster', 'shop', '--region', 'eu', '--zone', 'eu-1');
    expect(placed.node).toEqual({ id: 'n1', cluster: 'shop', locality: { region: 'eu', zone: 'eu-1' } });
  });

  it('takes several replicas, by name or address', async () => {
    const { static_resources } = await json('--xds', 'm1.internal:18000', '[::1]:18001');
    const [cluster] = static_resources.clusters;
    expect(cluster.type).toBe('STRICT_DNS');
    expect(cluster.load_assignment.endpoints[0].lb_endpoints).toHaveLength(3);
  });

  it('proves the server by the names it is reached by when given mTLS', async () => {
    const tls = ['--mtls-cert', '/c.pem', '--mtls-key', '/k.pem', '--mtls-ca', '/ca.pem'];
    const { static_resources } = await json('--xds', 'm1.internal:18000', ...tls);
    const context = static_resources.clusters[0].transport_socket.typed_config;
    expect(context.sni).toBe('m1.internal');
    expect(context.common_tls_context.validation_context.match_typed_subject_alt_names).toEqual([
      { san_type: 'IP_ADDRESS', matcher: { exact: '127.0.0.1' } },
      { san_type: 'DNS', matcher: { exact: 'm1.internal' } },
    ]);
  });

  it.each([
    [['--admin', '0.0.0.0:19000'], /--admin "0.0.0.0:19000": the admin interface stays on this machine/],
    [['--xds', 'nohost'], /--xds "nohost": write HOST:PORT/],
    [['--xds', '127.0.0.1:99999'], /port is a number from 1 to 65535/],
    [['--xds', '300.0.0.1:18000'], /write HOST:PORT/],
    [['--node-id', ''], /it is empty/],
    [['--node-id', 'n'.repeat(1025)], /over 1024 bytes/],
    [['--mtls-cert', '/c.pem'], /give all three or none/],
    [['--max-connections', '1.5'], /whole number/],
  ])('refuses %j in words, with exit code 2', async (args, words) => {
    const ran = await runInProcess(...BASE, ...args);
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toMatch(words);
  });
});

describe('BAD8: hostile text in a bootstrap', () => {
  it.each(['\n', '\0', '\u2028', '\u2029', '\u0085', '\u001b[31m', '\ud800'])(
    'refuses %j in every field',
    async (bad) => {
      for (const option of ['--node-id', '--group', '--cluster', '--region', '--zone', '--admin', '--xds']) {
        const ran = await runInProcess(...BASE, option, `x${bad}y`);
        expect([option, ran.code, ran.out]).toEqual([option, 2, '']);
        expect(ran.err.trimEnd()).not.toContain(bad);
      }
    },
  );

  it('writes what parses back to what came in, as YAML and as JSON', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom(...TRICKY, '\n', '\0', '\u2028'), fc.string({ unit: 'binary' })))
      .map((parts) => parts.join(''));
    const inputs = fc.record({ id: text, cluster: text, region: text, zone: text, path: text });
    fc.assert(
      fc.property(inputs, ({ id, cluster, region, zone, path }) => {
        const built = envoyBootstrap({
          id,
          cluster,
          locality: { region, zone },
          xds: [{ host: '127.0.0.1', port: 1 }],
          admin: { path },
          maxConnections: 1,
        });
        expect(JSON.parse(toDocument(built, 'json'))).toEqual(built);
        expect(parse(toDocument(built, 'yaml'))).toEqual(built);
      }),
      { numRuns: 300 },
    );
  });
});
