import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RelabelView } from './api/relabel-view.ts';
import { configJsonSchema } from './config/json-schema.ts';
import { loadConfig } from './config/load.ts';
import { SOURCES } from './discovery/index.ts';
import type { InstanceIndex } from './discovery/instances.ts';
import type { SourceAdapter } from './discovery/source.ts';
import { formatProblem, MusterError } from './errors.ts';
import type { Config } from './model/config.ts';
import { gather } from './offline/gather.ts';
import { sourceNamed, tryRules, writtenRule } from './offline/relabel.ts';
import { type Rendered, renderConfig } from './offline/render.ts';
import { type SampleText, sampleInstances } from './offline/sample.ts';
import { VOCABULARY } from './offline/vocabulary.ts';
import { loadRegistry } from './xds/proto/registry.ts';

export interface ConfigSummary {
  readonly valid: true;
  readonly hash: string;
  /** Number of resources by top-level key. */
  readonly counts: Readonly<Record<string, number>>;
  /** What is allowed and yet looks like a mistake, as printed. */
  readonly warnings: readonly string[];
}

/** Every mistake of a config at once, or what is in it. Throws `config_invalid` with the problems. */
export async function validateConfig(path: string): Promise<ConfigSummary> {
  const { config, warnings } = await validConfig(path);
  const counts = {
    sources: config.sources.size,
    secretStores: config.secretStores.size,
    secrets: config.secrets.size,
    services: config.services.size,
    listeners: config.listeners.size,
    httpRoutes: config.httpRoutes.size,
    groups: config.groups.size,
  };
  return { valid: true, hash: config.hash, counts, warnings };
}

/** The JSON Schema of the config, from the same schemas that check it. */
export function configSchema(): unknown {
  return configJsonSchema(VOCABULARY);
}

export interface RenderRequest {
  readonly group: string;
  readonly type?: string | undefined;
  readonly signal: AbortSignal;
}

/** What the nodes of a group would be served: inline endpoints, and what the sources say right now. */
export async function renderGroup(path: string, { group, type, signal }: RenderRequest): Promise<Rendered> {
  const { config } = await validConfig(path);
  const { indexes, failures } = await gatherAll(config, await folderOf(path), signal);
  const instancesOf = (source: string) => indexes.get(source);
  const rendered = renderConfig({ config, group, type, instancesOf, proto: loadRegistry() });
  return { ...rendered, problems: [...failures, ...rendered.problems] };
}

export interface RelabelTrial {
  readonly source: string;
  /** Absent: the source itself is asked. */
  readonly sample?: SampleText | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Dry run of a source's rules: on a sample, or on what the source says right now. */
export async function relabelSample(
  path: string,
  { source: name, sample, limit, signal }: RelabelTrial,
): Promise<RelabelView & { readonly problems: readonly string[] }> {
  const { config } = await validConfig(path);
  const source = sourceNamed(config, name);
  const { kind, options } = source;
  const adapter = adapterOf(kind);
  const serviceLabel = adapter?.serviceLabel;
  if (sample !== undefined || adapter === undefined) {
    const instances = sample === undefined ? [] : sampleInstances(sample, { kind, serviceLabel });
    return { ...tryRules(source, instances, limit), problems: [] };
  }
  const made = adapter.create(options, { name, baseDir: await folderOf(path) });
  const { index, failures } = await gather(made, serviceLabel, signal);
  return { ...tryRules(source, index.all(), limit), problems: failures };
}

/** The rules of a source as they are written in a config, to be sent to a running muster. */
export async function relabelRulesOf(path: string, source: string): Promise<readonly object[]> {
  const { config } = await validConfig(path);
  return sourceNamed(config, source).relabel.map(writtenRule);
}

async function validConfig(path: string): Promise<{ config: Config; warnings: readonly string[] }> {
  const { config, problems, warnings } = await loadConfig(path, VOCABULARY);
  if (config !== undefined) return { config, warnings: warnings.map(formatProblem) };
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  throw new MusterError('config_invalid', `${path} is not valid: ${count}`, { problems });
}

async function gatherAll(config: Config, baseDir: string, signal: AbortSignal) {
  const indexes = new Map<string, InstanceIndex>();
  const failures: string[] = [];
  const gathering = [...config.sources.values()].map(async ({ name, kind, options }) => {
    const adapter = adapterOf(kind);
    if (adapter === undefined) return;
    const source = adapter.create(options, { name, baseDir });
    const gathered = await gather(source, adapter.serviceLabel, signal);
    indexes.set(name, gathered.index);
    failures.push(...gathered.failures.map((words) => `sources/${name}: ${words}`));
  });
  await Promise.all(gathering);
  return { indexes, failures: failures.sort() };
}

function adapterOf(kind: string): SourceAdapter<unknown> | undefined {
  const adapters: Readonly<Record<string, SourceAdapter<unknown>>> = SOURCES;
  return adapters[kind];
}

/** Relative paths of a config start at its folder. */
async function folderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path);
}
