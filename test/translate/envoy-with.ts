import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectEndpoints } from '../../src/discovery/select.ts';
import { buildPlan } from '../../src/fleet/plan.ts';
import type { Config } from '../../src/model/config.ts';
import { endpointResource } from '../../src/translate/endpoint.ts';
import type { BuildProblem, TranslatedResource } from '../../src/translate/resource.ts';
import { translate } from '../../src/translate/translate.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { type Envoy, startEnvoy } from '../parts/envoy.ts';

export interface EnvoyWith {
  readonly envoy: Envoy;
  readonly problems: readonly BuildProblem[];
  /** Where a listener of the config really listens. */
  port(listener: string): Promise<number>;
  stop(): Promise<void>;
}

export interface WithOptions {
  readonly group?: string;
  readonly secrets?: readonly TranslatedResource[];
}

/** A real Envoy that runs a group's translated resources, read from files in place of ADS. */
export async function startEnvoyWith(config: Config, options: WithOptions = {}): Promise<EnvoyWith> {
  const { group = 'edge', secrets = [] } = options;
  const proto = loadRegistry();
  const plan = buildPlan(config, group);
  const known = new Set(secrets.map(({ name }) => name));
  const { resources, problems } = translate(plan, proto, { secrets: known });
  const endpoints = plan.cells.map((service) =>
    endpointResource(
      service,
      selectEndpoints(service, () => undefined),
      proto,
    ),
  );
  const dir = await mkdtemp(join(tmpdir(), 'muster-translate-'));
  await writeFiles(dir, [...resources, ...endpoints, ...secrets]);
  const source = (file: string): object => ({
    path_config_source: { path: join(dir, file) },
    resource_api_version: 'V3',
  });
  const bootstrap = {
    node: { id: 'n1', cluster: group },
    dynamic_resources: { cds_config: source('cds.json'), lds_config: source('lds.json') },
  };
  try {
    const envoy = await startEnvoy({ bootstrap });
    await envoy.ready();
    const stop = async (): Promise<void> => {
      await envoy.stop();
      await rm(dir, { recursive: true, force: true });
    };
    return { envoy, problems, port: (listener) => portOf(envoy, listener), stop };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

async function portOf(envoy: Envoy, listener: string): Promise<number> {
  const body: unknown = JSON.parse(await envoy.admin.get('/listeners?format=json'));
  // The border: Envoy's own admin answer.
  const { listener_statuses: statuses } = body as {
    listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
  };
  const found = statuses.find(({ name }) => name === listener);
  if (found === undefined) throw new Error(`no listener "${listener}" in Envoy: ${JSON.stringify(body)}`);
  return found.local_address.socket_address.port_value;
}

async function writeFiles(dir: string, resources: readonly TranslatedResource[]): Promise<void> {
  const proto = loadRegistry();
  const whole: Record<string, unknown[]> = { 'cds.json': [], 'lds.json': [] };
  for (const { typeUrl, name, bytes } of resources) {
    const type = typeUrl.slice(typeUrl.indexOf('/') + 1);
    const json = proto.toJson(type, proto.decode(type, bytes)) as object;
    const resource = { '@type': typeUrl, ...fromFiles(json, dir) };
    const file = { [TYPE_URL.cluster]: 'cds.json', [TYPE_URL.listener]: 'lds.json' }[typeUrl];
    if (file === undefined) await writeResponse(join(dir, fileName(typeUrl, name)), [resource]);
    else whole[file]?.push(resource);
  }
  for (const [file, list] of Object.entries(whole)) await writeResponse(join(dir, file), list);
}

async function writeResponse(path: string, resources: readonly unknown[]): Promise<void> {
  await writeFile(path, JSON.stringify({ versionInfo: '1', resources }));
}

function fileName(typeUrl: string, name: string): string {
  return `${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)}-${encodeURIComponent(name)}.json`;
}

/** The same message with every `ads` source replaced by the file of the resource that it asks for. */
function fromFiles(json: object, dir: string, owner = ''): object {
  const name = 'name' in json && typeof json.name === 'string' ? json.name : owner;
  const source = (typeUrl: string, resource: string): object => ({
    pathConfigSource: { path: join(dir, fileName(typeUrl, resource)) },
    resourceApiVersion: 'V3',
  });
  const entries = Object.entries(json).map(([key, value]) => {
    if (key === 'edsConfig') return [key, source(TYPE_URL.endpoint, name)];
    if (key === 'sdsConfig') return [key, source(TYPE_URL.secret, name)];
    if (key === 'rds')
      return [key, { ...value, configSource: source(TYPE_URL.route, value.routeConfigName) }];
    if (Array.isArray(value))
      return [key, value.map((item) => (isObject(item) ? fromFiles(item, dir, name) : item))];
    return [key, isObject(value) ? fromFiles(value, dir, name) : value];
  });
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
