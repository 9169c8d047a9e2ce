import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePart } from '../../../scripts/parts.mjs';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';

const registry = loadRegistry();
const run = promisify(execFile);
const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap';
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-validate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What `envoy --mode validate` says of a bootstrap file. */
async function validate(file: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, file);
  await writeFile(path, content);
  const arguments_ = ['--mode', 'validate', '-c', path, '--log-level', 'error', '--concurrency', '1'];
  const { stdout, stderr } = await run(await ensurePart('envoy'), arguments_).catch((error: unknown) => {
    if (error instanceof Error && 'stderr' in error) return { stdout: '', stderr: String(error.stderr) };
    throw error;
  });
  return stdout + stderr;
}

const socketAddress = (portValue: number): object => ({ socketAddress: { address: '127.0.0.1', portValue } });

function bootstrap(domains: readonly string[]): object {
  const router = registry.any('envoy.extensions.filters.http.router.v3.Router', {});
  const manager = registry.any(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      statPrefix: 'web',
      streamIdleTimeout: { seconds: 300, nanos: 500_000_000 },
      routeConfig: {
        name: 'web',
        virtualHosts: [
          { name: 'all', domains, routes: [{ match: { prefix: '/' }, route: { cluster: 'hello' } }] },
        ],
      },
      httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: router }],
    },
  );
  const options = registry.any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
    explicitHttpConfig: { http2ProtocolOptions: { maxConcurrentStreams: { value: 100 } } },
  });
  const dns = registry.any('envoy.extensions.clusters.dns.v3.DnsCluster', { dnsRefreshRate: { seconds: 5 } });
  const cluster = {
    name: 'hello',
    connectTimeout: { seconds: 5 },
    // Newer than the dependency's protos: a patched field and an added message.
    dnsJitter: { seconds: 1 },
    typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
    loadAssignment: {
      clusterName: 'hello',
      endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(1) } }] }],
    },
  };
  const named = { ...cluster, name: 'named', clusterType: { name: 'envoy.cluster.dns', typedConfig: dns } };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }];
  return {
    node: { id: 'n', cluster: 'c' },
    staticResources: {
      listeners: [{ name: 'web', address: socketAddress(0), filterChains: [{ filters }] }],
      clusters: [cluster, named],
    },
  };
}

describe('a real Envoy', () => {
  it('accepts a bootstrap with nested Any, as our JSON and as our bytes', async () => {
    const message = bootstrap(['*']);
    expect(registry.violations(BOOTSTRAP, message)).toEqual([]);
    expect(await validate('a.json', JSON.stringify(registry.toJson(BOOTSTRAP, message)))).toContain('OK');
    expect(await validate('a.pb', registry.encode(BOOTSTRAP, message))).toContain('OK');
  });

  it('refuses what we find a violation in', async () => {
    const message = bootstrap([]);
    expect(registry.violations(BOOTSTRAP, message).map(({ path }) => path)).toEqual([
      'staticResources.listeners[0].filterChains[0].filters[0].typedConfig.routeConfig.virtualHosts[0].domains',
    ]);
    expect(await validate('a.pb', registry.encode(BOOTSTRAP, message))).toMatch(/domains|Domains/);
  });
});
