import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Raised whenever what a bundle holds or means changes, so that older copies are not read. */
const BUNDLE_FORMAT = 3;

/** Where `.proto` files come from: directories in which an import path is looked up, in order. */
export interface ProtoSources {
  readonly roots: readonly string[];
  /** Import paths to load, sorted. */
  readonly files: readonly string[];
  /** Import paths that were left out, with the reason; older API versions are left out without a word. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Absolute paths of files whose fields are merged into messages of the same name. */
  readonly patches: readonly string[];
}

const OLD_VERSION = /\/v2(alpha\d*)?\//;
const IMPORT = /^import\s+(?:public\s+|weak\s+)?"([^"]+)"/gm;

/** The folder that holds `protos/`: this package's own, from `src/` as well as from `dist/src/`. */
export function projectRoot(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'protos', 'README.md'))) return folder;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function dependency(): { readonly folder: string; readonly version: string } {
  const manifest = createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json');
  const { version }: { version: string } = JSON.parse(readFileSync(manifest, 'utf8'));
  return { folder: dirname(manifest), version };
}

function protosBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => name.split(sep).join('/'))
    .sort();
}

/**
 * A short hash of what a bundle is made from: the dependency's version and the files in `protos/`, by size and
 * time of change. Reading all of them would take longer than reading the bundle.
 */
export function sourcesHash(project: string): string {
  const hash = createHash('sha256').update(`${BUNDLE_FORMAT} ${dependency().version}`);
  const own = join(project, 'protos');
  for (const file of protosBelow(own)) {
    const { size, mtimeMs } = statSync(join(own, file));
    hash.update(`\n${file} ${size} ${mtimeMs}`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The absolute path of an import, or undefined for Google's well-known types, which protobufjs brings itself. */
export function locate(roots: readonly string[], file: string): string | undefined {
  return roots.map((root) => join(root, file)).find((path) => existsSync(path));
}

function importsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? '');
}

/** What a file lacks, seen through all its imports, or undefined when it can be loaded. */
function lacks(
  roots: readonly string[],
  file: string,
  seen: Map<string, string | undefined>,
): string | undefined {
  if (seen.has(file)) return seen.get(file);
  seen.set(file, undefined);
  const path = locate(roots, file);
  let missing = path === undefined && !file.startsWith('google/protobuf/') ? file : undefined;
  if (OLD_VERSION.test(file)) missing = file;
  for (const imported of path === undefined ? [] : importsOf(path)) missing ??= lacks(roots, imported, seen);
  seen.set(file, missing);
  return missing;
}

/** Finds every `.proto` to load: Envoy's and xDS' own from the dependency, and ours, which win over theirs. */
export function findSources(project: string): ProtoSources {
  const own = join(project, 'protos');
  const theirs = join(dependency().folder, 'deps');
  const envoy = join(theirs, 'envoy-api');
  const xds = join(theirs, 'xds');
  const ours = join(own, 'added');
  const roots = [ours, envoy, xds, join(theirs, 'googleapis'), join(theirs, 'protoc-gen-validate')];
  const found = new Set([
    ...protosBelow(ours),
    ...protosBelow(envoy),
    ...protosBelow(xds),
    'validate/validate.proto',
  ]);
  const files = [...found].filter((file) => !OLD_VERSION.test(file)).sort();
  const seen = new Map<string, string | undefined>();
  const skipped = files.flatMap((file) => {
    const missing = lacks(roots, file, seen);
    return missing === undefined ? [] : [{ file, reason: `needs ${missing}` }];
  });
  const patchFolder = join(own, 'patches');
  const patches = protosBelow(patchFolder).map((file) => join(patchFolder, file));
  const left = new Set(skipped.map(({ file }) => file));
  return { roots, files: files.filter((file) => !left.has(file)), skipped, patches };
}
