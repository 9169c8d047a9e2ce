import { isMap, isNode, type Node } from 'yaml';
import type { Problem } from '../errors.ts';
import type { Origin } from '../model/origin.ts';
import { keyText } from './data.ts';
import type { Fault } from './issues.ts';
import { nameHint, quote } from './nearest.ts';
import { type Path, pathText, placeOf } from './place.ts';
import { name as nameSchema } from './scalars.ts';
import { placeAt, type Tree } from './tree.ts';

/** The closed list of top-level maps, in the order in which references point backwards. */
export const COLLECTIONS = [
  'sources',
  'secretStores',
  'secrets',
  'services',
  'serviceTemplates',
  'listeners',
  'httpRoutes',
  'groups',
] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** One resource as written: not yet checked. */
export interface Entry {
  readonly collection: Collection;
  readonly name: string;
  readonly data: unknown;
  readonly tree: Tree;
  readonly node: Node | null;
  readonly origin: Origin & { readonly file: string; readonly line: number };
}

export type Entries = ReadonlyMap<Collection, ReadonlyMap<string, Entry>>;

const LATER: ReadonlySet<string> = new Set(['grpcRoutes', 'tlsRoutes', 'tcpRoutes', 'udpRoutes']);
const PROCESS_SETTINGS: ReadonlySet<string> = new Set(['xds', 'api', 'state', 'log', 'tls', 'trustDomain']);

/** All files as one: the same name in two files is a problem that names both places. */
export function mergeTrees(trees: readonly Tree[]): { entries: Entries; problems: readonly Problem[] } {
  const entries = new Map<Collection, Map<string, Entry>>(
    COLLECTIONS.map((collection) => [collection, new Map()]),
  );
  const problems: Problem[] = [];
  for (const tree of trees) addTree(tree, entries, problems);
  return { entries, problems };
}

function addTree(tree: Tree, entries: Map<Collection, Map<string, Entry>>, problems: Problem[]): void {
  if (tree.root === null || tree.data === null) return;
  if (!isMap(tree.root)) {
    problems.push({
      ...placeAt(tree, 0),
      path: '',
      message: 'expected a map of sources, services, listeners and so on',
    });
    return;
  }
  if (member(tree.data, 'apiVersion') !== undefined && member(tree.data, 'kind') !== undefined) {
    problems.push({
      ...placeAt(tree, tree.root.range?.[0] ?? 0),
      path: '',
      message: 'is a Kubernetes manifest: these are not supported yet',
      hint: `known: ${COLLECTIONS.join(', ')}`,
    });
    return;
  }
  for (const pair of tree.root.items) {
    const key = keyText(pair.key) ?? '';
    const collection = COLLECTIONS.find((known) => known === key);
    const data = member(tree.data, key);
    const place = placeAt(tree, isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);
    if (collection === undefined) problems.push({ ...place, path: key, ...unknownCollection(key) });
    else if (data !== null && (typeof data !== 'object' || Array.isArray(data))) {
      problems.push({ ...place, path: key, message: 'expected a map from names to resources' });
    } else if (data !== null)
      addCollection(tree, collection, pair.value, data, entries.get(collection), problems);
  }
}

function addCollection(
  tree: Tree,
  collection: Collection,
  node: unknown,
  data: unknown,
  into: Map<string, Entry> | undefined,
  problems: Problem[],
): void {
  if (!isMap(node)) {
    if (into === undefined || !isNode(node)) return;
    problems.push({
      ...placeAt(tree, node.range?.[0] ?? 0),
      path: collection,
      message: 'a whole collection cannot be an alias',
    });
    return;
  }
  for (const pair of node.items) {
    const name = keyText(pair.key) ?? '';
    const place = placeAt(tree, isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0);
    const report = (message: string) =>
      problems.push({ ...place, path: pathText([collection, name]), message });
    const bad = nameSchema.safeParse(name).error?.issues[0]?.message;
    if (bad !== undefined) report(bad);
    const other = into?.get(name);
    if (other !== undefined)
      report(`${quote(name)} is also written at ${other.origin.file}:${other.origin.line}`);
    const origin = { object: `${collection}/${name}`, file: tree.path, line: place.line };
    into?.set(name, {
      collection,
      name,
      data: member(data, name),
      tree,
      node: isNode(pair.value) ? pair.value : null,
      origin,
    });
  }
}

function unknownCollection(key: string): { message: string; hint?: string | undefined } {
  if (LATER.has(key)) return { message: 'is not supported yet', hint: `known: ${COLLECTIONS.join(', ')}` };
  if (PROCESS_SETTINGS.has(key))
    return { message: 'is a process setting', hint: 'keep muster.yaml outside the config directory' };
  return { message: `unknown key ${quote(key)}`, hint: nameHint(key, COLLECTIONS) };
}

export function member(data: unknown, key: string | number): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  return Object.getOwnPropertyDescriptor(data, key)?.value;
}

/** A fault of one entry, with its place in the file. */
export function toProblem(entry: Entry, fault: Fault): Problem {
  const start = entry.node ?? null;
  const place =
    start === null
      ? { file: entry.origin.file, line: entry.origin.line }
      : placeOf(entry.tree, start, fault.path, fault.atKey);
  return {
    ...place,
    path: pathText([entry.collection, entry.name, ...fault.path]),
    message: fault.message,
    hint: fault.hint,
  };
}

export function lineOf(entry: Entry, path: Path): number {
  return entry.node === null ? entry.origin.line : placeOf(entry.tree, entry.node, path).line;
}
