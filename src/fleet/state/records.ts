import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Entry } from './part-files.ts';
import type { ConfigRecord, ScopeRecord, SnapshotRecord, StoredResource } from './state.ts';

/** How many parts a snapshot's resources, or the instances of a large scope, are spread over: a change rewrites one of them. */
export const SHARDS = 64;

const health = z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING']);
const instance = z.object({
  id: z.string(),
  address: z.string(),
  ports: z.record(z.string(), z.number()),
  locality: z.object({ region: z.string(), zone: z.string(), subZone: z.string() }),
  health,
  weight: z.number().optional(),
  labels: z.record(z.string(), z.string()),
});
const scopeFacts = z.object({ source: z.string(), scope: z.string(), at: z.number() });
const configFacts = z.object({ revision: z.number(), hash: z.string() });
const configFiles = z.array(z.object({ path: z.string(), text: z.string() }));
const snapshotFacts = z.object({
  group: z.string(),
  revision: z.number(),
  configHash: z.string(),
  knownSecrets: z.array(z.string()),
});
const origin = z.object({ object: z.string(), file: z.string().optional(), line: z.number().optional() });
const storedResource = z.object({
  typeUrl: z.string(),
  name: z.string(),
  version: z.string(),
  bytes: z.base64(),
  origins: z.array(origin),
  clusters: z.array(z.string()),
});

export function encodeConfig(record: ConfigRecord): Entry {
  const { revision, hash: configHash, files } = record;
  return { key: 'config', facts: { revision, hash: configHash }, parts: new Map([['files', json(files)]]) };
}

export function decodeConfig(entry: Entry): ConfigRecord {
  return { ...configFacts.parse(entry.facts), files: configFiles.parse(read(entry, 'files')) };
}

export function decodeScope(entry: Entry): ScopeRecord {
  const instances = [...entry.parts.keys()]
    .filter((name) => name.startsWith('instances'))
    .flatMap((name) => z.array(instance).parse(read(entry, name)));
  return { ...scopeFacts.parse(entry.facts), instances };
}

/** Remembers what it last encoded, so that only shards with a changed resource are serialised again. */
export class SnapshotEncoder {
  readonly #key: string;
  #last: readonly (readonly StoredResource[])[] = [];
  #parts: readonly Uint8Array[] = [];

  constructor(key: string) {
    this.#key = key;
  }

  encode(record: SnapshotRecord): Entry {
    const shards = spread(record.resources);
    this.#parts = shards.map((shard, index) => {
      const kept = this.#parts[index];
      return kept !== undefined && sameItems(shard, this.#last[index] ?? [])
        ? kept
        : json(shard.map(printable));
    });
    this.#last = shards;
    const { group, revision, configHash, knownSecrets } = record;
    const parts = new Map(this.#parts.map((bytes, index) => [`resources-${index}`, bytes]));
    return { key: this.#key, facts: { group, revision, configHash, knownSecrets }, parts };
  }
}

export function decodeSnapshot(entry: Entry): SnapshotRecord {
  const resources = [...entry.parts.keys()]
    .filter((name) => name.startsWith('resources-'))
    .flatMap((name) => z.array(storedResource).parse(read(entry, name)))
    .map((stored) => ({ ...stored, bytes: Buffer.from(stored.bytes, 'base64') }));
  return { ...snapshotFacts.parse(entry.facts), resources };
}

function spread(resources: readonly StoredResource[]): StoredResource[][] {
  const shards: StoredResource[][] = Array.from({ length: SHARDS }, () => []);
  for (const resource of resources) shards[shardOf(resource.name)]?.push(resource);
  return shards;
}

const shardCache = new Map<string, number>();

export function shardOf(name: string): number {
  const known = shardCache.get(name);
  if (known !== undefined) return known;
  const shard = Number.parseInt(hash('sha1', name).slice(0, 4), 16) % SHARDS;
  if (shardCache.size > 100_000) shardCache.clear();
  shardCache.set(name, shard);
  return shard;
}

function sameItems(a: readonly StoredResource[], b: readonly StoredResource[]): boolean {
  return a.length === b.length && a.every((item, index) => sameResource(item, b[index]));
}

function sameResource(a: StoredResource, b: StoredResource | undefined): boolean {
  return b !== undefined && a.typeUrl === b.typeUrl && a.name === b.name && a.version === b.version;
}

function printable(resource: StoredResource): unknown {
  return { ...resource, bytes: Buffer.from(resource.bytes).toString('base64') };
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function read(entry: Entry, part: string): unknown {
  const bytes = entry.parts.get(part);
  if (bytes === undefined) throw new Error(`part ${part} is missing`);
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
