import { expect, test } from 'vitest';
import { type Import, importsOf, readsEnvironment, sourceFiles } from './imports.ts';

/**
 * The import table of ARCHITECTURE.md. A file's area is the longest key that its path starts with;
 * it may import its own area, what `may` names, and as types only what `types` names.
 */
interface Area {
  readonly may: readonly string[];
  readonly types?: readonly string[];
}

const WORDS = ['src/model/', 'src/errors.ts', 'src/secret-bytes.ts', 'src/clock.ts', 'src/duration.ts'];
/** Reading and watching files: shared by config, the state, the file source and the file store. */
const FILES = ['src/files/'];
/** Credentials and faults of AWS: shared by its source and its store. */
const AWS = ['src/aws/'];
const SOURCE_PORT = ['src/discovery/source.ts'];
const STORE_PORT = ['src/secrets/store.ts'];
/** What every report goes through, whichever source it is from: pure, no adapter among them. */
const REPORTS = [
  ...['admit', 'conditions', 'explain', 'guard', 'instances', 'relabel', 'select'].map(
    (name) => `src/discovery/${name}.ts`,
  ),
];

const AREAS: Readonly<Record<string, Area>> = {
  'src/model/': { may: WORDS },
  'src/errors.ts': { may: WORDS },
  'src/secret-bytes.ts': { may: WORDS },
  'src/clock.ts': { may: WORDS },
  'src/duration.ts': { may: WORDS },
  'src/aws/': { may: WORDS },
  'src/files/': { may: WORDS },
  'src/xds/': { may: [] },
  'src/discovery/': { may: [...WORDS, ...FILES, ...AWS] },
  'src/secrets/': { may: [...WORDS, ...FILES, ...AWS] },
  'src/sealed/': { may: [...WORDS, ...FILES, ...STORE_PORT, 'src/secrets/material.ts'] },
  'src/config/': { may: [...WORDS, ...FILES], types: [...SOURCE_PORT, ...STORE_PORT] },
  'src/fleet/': {
    may: [...WORDS, ...FILES, ...SOURCE_PORT, ...STORE_PORT, ...REPORTS],
    types: ['src/xds/'],
  },
  'src/translate/': {
    may: [...WORDS, 'src/xds/proto/'],
    types: ['src/fleet/plan.ts', 'src/fleet/translation.ts'],
  },
  'src/api/': { may: WORDS },
  'src/pki/': { may: WORDS },
  'src/cli/': { may: [...WORDS, 'src/serve.ts', 'src/offline.ts', 'src/pki/'] },
  'src/main.ts': { may: ['src/cli/'] },
  'src/serve.ts': { may: ['src/'] },
  'src/serve/': { may: ['src/'] },
  'src/offline.ts': { may: ['src/'] },
  'src/offline/': { may: ['src/'] },
  'src/index.ts': { may: ['src/'] },
};

/** A library that only one place may know. */
const LIBRARIES: readonly { readonly name: RegExp; readonly only: readonly string[] }[] = [
  { name: /^@grpc\//, only: ['src/xds/server/'] },
  { name: /^@aws-sdk\/client-ec2$/, only: ['src/discovery/ec2/'] },
  { name: /^@aws-sdk\/credential-providers$/, only: ['src/aws/'] },
  { name: /^@aws-sdk\/client-secrets-manager$/, only: ['src/secrets/aws-secrets-manager/'] },
  { name: /^consul$/, only: ['src/discovery/consul/'] },
  { name: /^@smithy\//, only: ['src/secrets/vault/auth/'] },
  { name: /^node-vault$/, only: ['src/secrets/vault/'] },
  { name: /^bullmq$/, only: ['src/fleet/queue/bullmq.ts'] },
  { name: /^ioredis$/, only: ['src/fleet/queue/bullmq.ts', 'src/fleet/state/redis.ts'] },
  { name: /^(@fastify\/.*|fastify.*)$/, only: ['src/api/'] },
  { name: /^(commander|cli-table3)$/, only: ['src/cli/'] },
  { name: /^(@peculiar\/x509|reflect-metadata)$/, only: ['src/pki/', 'src/secrets/vault/pki/'] },
  { name: /^protobufjs$/, only: ['src/xds/'] },
];

const ENVIRONMENT = ['src/cli/', 'src/config/settings.ts', 'src/secrets/env/'];

function under(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
}

function areaOf(path: string): string | undefined {
  return Object.keys(AREAS)
    .filter((area) => under(path, [area]))
    .toSorted((a, b) => b.length - a.length)[0];
}

function breaksTable({ from, to, own, typeOnly }: Import): boolean {
  if (!own) return LIBRARIES.some(({ name, only }) => name.test(to) && !under(from, only));
  const name = areaOf(from);
  const area = name === undefined ? undefined : AREAS[name];
  if (name === undefined || area === undefined) return true;
  return !under(to, [name, ...area.may, ...(typeOnly ? (area.types ?? []) : [])]);
}

/** An adapter's folder is known to its registry alone; it may use its area's own files beside it. */
function breaksAdapters({ from, to, own }: Import): boolean {
  if (!own) return false;
  const folder = /^src\/(discovery|secrets)\/([^/]+)\//.exec(to)?.[0];
  if (folder === undefined || from.startsWith(folder)) return false;
  return from !== `${folder.split('/').slice(0, 2).join('/')}/index.ts`;
}

/** A driver of the queue or the state is known to its registry alone. */
function breaksDrivers({ from, to }: Import): boolean {
  const drivers: Readonly<Record<string, readonly string[]>> = {
    'src/fleet/queue/index.ts': ['src/fleet/queue/memory.ts', 'src/fleet/queue/bullmq.ts'],
    'src/fleet/state/index.ts': ['src/fleet/state/disk.ts', 'src/fleet/state/redis.ts'],
  };
  return Object.entries(drivers).some(([registry, files]) => files.includes(to) && from !== registry);
}

function show({ from, to, typeOnly }: Import): string {
  return `${from} -> ${to}${typeOnly ? ' (type)' : ''}`;
}

const imports = sourceFiles().flatMap((file) => importsOf(file));

test('the table knows every file', () => {
  expect(imports.length).toBeGreaterThan(50);
  expect(sourceFiles().filter((file) => areaOf(file) === undefined)).toEqual([]);
});

test('each area imports only what the table allows', () => {
  expect(imports.filter(breaksTable).map(show)).toEqual([]);
});

test('adapters and drivers are imported by their registry alone', () => {
  expect(imports.filter((one) => breaksAdapters(one) || breaksDrivers(one)).map(show)).toEqual([]);
});

test('only the command line, the settings and their secret store read the environment', () => {
  expect(sourceFiles().filter((file) => readsEnvironment(file) && !under(file, ENVIRONMENT))).toEqual([]);
});

test('no file imports itself over others', () => {
  const next = new Map<string, string[]>();
  for (const { from, to, own, typeOnly } of imports) {
    if (own && !typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  }
  expect(findCycle(next)).toBeUndefined();
});

function findCycle(next: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const cycle = walk(to, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const cycle = walk(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

test.each([
  ['src/xds/cache.ts', "import { MusterError } from '../errors.ts';"],
  ['src/xds/stream/delta.ts', "import { Client } from '@grpc/grpc-js';"],
  ['src/translate/cluster.ts', "import { buildPlan } from '../fleet/plan.ts';"],
  ['src/fleet/build.ts', "import { createCache } from '../xds/cache.ts';"],
  ['src/config/parse.ts', "import { sources } from '../discovery/index.ts';"],
  ['src/discovery/poll.ts', "import type { SecretStore } from '../secrets/store.ts';"],
  ['src/discovery/poll.ts', "export { EC2Client } from '@aws-sdk/client-ec2';"],
  ['src/cli/status.ts', "const api = await import('../api/create-api.ts');"],
  ['src/fleet/world.ts', "type Redis = import('ioredis').Redis;"],
])('the table refuses, in %s: %s', (file, text) => {
  expect(importsOf(file, text).filter(breaksTable)).toHaveLength(1);
});

test('the table refuses an adapter that uses another, and a driver used past its registry', () => {
  const [adapter] = importsOf('src/discovery/consul/watch.ts', "import { page } from '../ec2/page.ts';");
  const [driver] = importsOf('src/fleet/build.ts', "import { memoryQueue } from './queue/memory.ts';");
  expect([adapter && breaksAdapters(adapter), driver && breaksDrivers(driver)]).toEqual([true, true]);
});

test('a cycle and a read of the environment are seen, a comment is not', () => {
  expect(findCycle(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] })))).toEqual(['b', 'c', 'b']);
  expect(readsEnvironment('src/x.ts', 'export const a = process.env.HOME;')).toBe(true);
  expect(readsEnvironment('src/x.ts', "import { env } from 'node:process';")).toBe(true);
  expect(readsEnvironment('src/x.ts', "// process.env\nexport const a = 'process.env';")).toBe(false);
});
