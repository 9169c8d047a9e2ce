import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildBundle } from '../../../src/xds/proto/build-bundle.ts';
import type { Bundle } from '../../../src/xds/proto/descriptor.ts';
import { createRegistry, loadRegistry, writeBundle } from '../../../src/xds/proto/registry.ts';
import { findSources, projectRoot } from '../../../src/xds/proto/sources.ts';
import { checkoutBundle } from '../../../src/xds/proto/store.ts';

const project = projectRoot() ?? '';
const STORE = pathToFileURL(join(project, 'src/xds/proto/store.ts')).href;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-protos-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that loads the bundle of `folder`; resolves with its exit code and output. */
function loadElsewhere(): Promise<{ readonly code: number | null; readonly output: string }> {
  const script = `import(${JSON.stringify(STORE)}).then(({ checkoutBundle }) =>
    console.log(Object.keys(checkoutBundle(${JSON.stringify(folder)}).messages).length))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const field = (bundle: Bundle, type: string, name: string): number | undefined =>
  bundle.messages[type]?.fields.find((one) => one.name === name)?.id;

describe('the bundle of a checkout', () => {
  it('is built once, also by processes that race for it', async () => {
    symlinkSync(join(project, 'protos'), join(folder, 'protos'));
    const count = String(loadRegistry().types().length);
    const results = await Promise.all([loadElsewhere(), loadElsewhere()]);
    for (const { code, output } of results) expect([code, output.trim()]).toEqual([0, count]);
    const files = readdirSync(join(folder, '.cache'));
    expect(files).toEqual([expect.stringMatching(/^descriptors-[0-9a-f]{16}\.json$/)]);
    writeFileSync(join(folder, '.cache', files[0] ?? ''), '{"messages":{"a.B":{"fields":[]}},"enums":{}}');
    expect(Object.keys(checkoutBundle(folder).messages)).toEqual(['a.B']);
  });

  it('says in words that a bundle is damaged, and where', () => {
    symlinkSync(join(project, 'protos'), join(folder, 'protos'));
    checkoutBundle(folder);
    const file = join(folder, '.cache', readdirSync(join(folder, '.cache'))[0] ?? '');
    writeFileSync(file, readFileSync(file).subarray(0, 1000));
    expect(() => checkoutBundle(folder)).toThrow(
      `${file}: the descriptor bundle is damaged: delete this file`,
    );
  });

  it('works, with a warning, where it cannot be kept', async () => {
    symlinkSync(join(project, 'protos'), join(folder, 'protos'));
    writeFileSync(join(folder, '.cache'), 'a file where the folder should be');
    const { code, output } = await loadElsewhere();
    expect(code).toBe(0);
    expect(output).toContain('the descriptor bundle cannot be kept');
  });

  it('says what to do when the protos are absent', () => {
    for (const absent of [folder, undefined])
      expect(() => checkoutBundle(absent)).toThrow(
        /no protos\/ folder to build it from: install muster again/,
      );
  });

  it('is written where the package build wants it, and is the same', () => {
    const path = join(folder, 'dist', 'descriptors.json');
    writeBundle(path);
    const registry = createRegistry(JSON.parse(readFileSync(path, 'utf8')));
    expect(registry.types()).toEqual(loadRegistry().types());
    expect(readdirSync(join(folder, 'dist'))).toEqual(['descriptors.json']);
    expect(() => writeBundle(join(path, 'below-a-file', 'x.json'))).toThrow('cannot be written here');
  });
});

describe('patches and added files', () => {
  const copyProtos = (): void => cpSync(join(project, 'protos'), join(folder, 'protos'), { recursive: true });
  const patch = (text: string): void => {
    const path = join(folder, 'protos', 'patches', 'zz');
    mkdirSync(path);
    writeFileSync(join(path, 'test.proto'), `syntax = "proto3";\npackage envoy.config.cluster.v3;\n${text}`);
  };

  it('loads every file of the dependency that is not v2, but for the five whose imports were missing', () => {
    const { skipped, files } = findSources(project);
    expect(files.length).toBeGreaterThan(500);
    // OpenCensus is gone from Envoy; what it alone needed stays out.
    expect(skipped.every(({ reason }) => /opencensus/.test(reason))).toBe(true);
    expect(files.some((file) => /\/v2\//.test(file))).toBe(false);
  });

  it('needs the repair of validate.proto: without it the build names the rule', () => {
    copyProtos();
    rmSync(join(folder, 'protos', 'patches', 'validate'), { recursive: true });
    expect(() => buildBundle(folder)).toThrow('validate.StringRules has no ignore_empty');
  });

  it('adds fields to old messages', () => {
    const bundle = checkoutBundle(project);
    expect(field(bundle, 'envoy.config.cluster.v3.Cluster', 'dnsJitter')).toBe(58);
    expect(field(bundle, 'envoy.config.cluster.v3.Cluster', 'transportSocketMatcher')).toBe(59);
    expect(field(bundle, 'envoy.config.core.v3.SocketAddress', 'networkNamespaceFilepath')).toBe(7);
  });

  it('replaces the constraints of a field it repeats, and merges into its oneof', () => {
    copyProtos();
    patch(`message Cluster {
      string name = 1 [(validate.rules).string.min_len = 7];
      oneof cluster_discovery_type { string by_hand = 1900; }
      enum LbPolicy { ROUND_ROBIN = 0; BY_HAND = 99; }
      message Fresh { string a = 1; }
    }`);
    const registry = createRegistry(buildBundle(folder));
    const type = 'envoy.config.cluster.v3.Cluster';
    expect(registry.violations(type, { name: 'short' })[0]?.message).toBe('must have at least 7 characters');
    expect(() => registry.fromJson(type, { type: 'EDS', by_hand: 'x' })).toThrow(
      'only one of clusterDiscoveryType',
    );
    expect(registry.decode(type, registry.encode(type, { lbPolicy: 'BY_HAND' }))).toEqual({ lbPolicy: 99 });
    expect(registry.has(`${type}.Fresh`)).toBe(true);
  });

  it.each([
    [
      'a number that is taken',
      'message Cluster { string other = 1; }',
      'already has name = 1, so other = 1 cannot be added',
    ],
    [
      'a name that is taken',
      'message Cluster { string name = 1900; }',
      'already has name = 1, so name = 1900',
    ],
    [
      'a rule that does not exist',
      'message Cluster { string a = 1900 [(validate.rules).string.min_lne = 1]; }',
      'validate.StringRules has no min_lne',
    ],
    ['text that is no proto', 'message {', 'zz/test.proto'],
  ])('refuses %s', (_, text, message) => {
    copyProtos();
    patch(text);
    expect(() => buildBundle(folder)).toThrow(message);
  });

  it.each([
    'envoy.extensions.clusters.dns.v3.DnsCluster',
    'envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth',
    'envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter',
    'envoy.extensions.filters.http.proto_message_extraction.v3.ProtoMessageExtractionConfig',
    'envoy.extensions.filters.http.grpc_json_reverse_transcoder.v3.GrpcJsonReverseTranscoder',
    'envoy.extensions.filters.network.ext_proc.v3.NetworkExternalProcessor',
    'envoy.extensions.filters.network.generic_proxy.v3.GenericProxy',
    'envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost',
    'envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig',
    'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
    'envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport',
    'envoy.config.bootstrap.v3.Bootstrap',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.status.v3.ClientStatusResponse',
    'envoy.service.load_stats.v3.LoadStatsRequest',
    'google.rpc.Status',
    'google.protobuf.FieldMask',
  ])('knows %s', (type) => {
    expect(loadRegistry().has(type)).toBe(true);
  });

  it('keeps no bundle in the repository', () => {
    expect(existsSync(join(project, 'protos', 'descriptors.json'))).toBe(false);
  });
});
