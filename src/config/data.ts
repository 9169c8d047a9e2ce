import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { quote } from './nearest.ts';

const MAX_DEPTH = 64;
/** Nodes that may be reached through aliases, in one file: more is an alias bomb. */
const MAX_ALIASED_NODES = 100_000;
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What plain values have anyway. */
const PLAIN_TAGS: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((kind) => `tag:yaml.org,2002:${kind}`),
);

type Report = (offset: number, message: string, hint?: string) => void;

interface Walk {
  readonly report: Report;
  readonly anchors: Map<string, Node>;
  readonly open: Set<Node>;
  aliased: number;
  stopped: boolean;
}

/** Key as the data holds it: numbers and booleans become their text (`8080:` is `"8080"`). */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.value === null || key.value === undefined ? undefined : (key.source ?? String(key.value));
}

/**
 * Plain data of a node, in null-prototype objects. Refuses, with a place, what YAML allows and a
 * config has no use for: tags, merge keys, duplicate keys, keys of the JavaScript prototype,
 * numbers that are not what they look like, alias bombs, great depth.
 */
export function toData(root: Node | null, report: Report): unknown {
  const walk: Walk = { report, anchors: new Map(), open: new Set(), aliased: 0, stopped: false };
  return convert(root, walk, 0, false);
}

function convert(node: unknown, walk: Walk, depth: number, viaAlias: boolean): unknown {
  if (walk.stopped) return null;
  if (depth > MAX_DEPTH) return stop(node, walk, `nested more than ${MAX_DEPTH} levels deep`);
  if (viaAlias && ++walk.aliased > MAX_ALIASED_NODES) {
    return stop(node, walk, `aliases expand to more than ${MAX_ALIASED_NODES} values`);
  }
  if (isAlias(node)) return fromAlias(node, walk, depth);
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
  if (node.anchor !== undefined && !viaAlias) walk.anchors.set(node.anchor, node);
  if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag)) {
    walk.report(offsetOf(node), `the tag ${quote(node.tag)} is not allowed`, 'write the plain value');
  }
  if (isScalar(node)) return fromScalar(node, walk);
  if (isSeq(node)) return node.items.map((item) => convert(item, walk, depth + 1, viaAlias));
  return fromMap(node.items, walk, depth, viaAlias);
}

function fromAlias(node: Node & { source: string }, walk: Walk, depth: number): unknown {
  const target = walk.anchors.get(node.source);
  if (target === undefined) {
    walk.report(offsetOf(node), `the alias *${node.source} has no anchor &${node.source} before it`);
    return null;
  }
  if (walk.open.has(target)) return stop(node, walk, `the alias *${node.source} contains itself`);
  walk.open.add(target);
  const data = convert(target, walk, depth, true);
  walk.open.delete(target);
  return data;
}

function fromScalar(node: Scalar, walk: Walk): unknown {
  const { value, source } = node;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) {
    walk.report(offsetOf(node), `${source ?? value} is not a number that can be used here`);
  } else if (source !== undefined && /^[-+]?0[0-9xo]|^\+/.test(source)) {
    walk.report(
      offsetOf(node),
      `${source} would be read as the number ${value}`,
      `write ${value}, or "${source}" in quotes for text`,
    );
  }
  return value;
}

function fromMap(items: readonly unknown[], walk: Walk, depth: number, viaAlias: boolean): unknown {
  const data: Record<string, unknown> = Object.create(null);
  for (const pair of items) {
    if (!isPair(pair)) continue;
    const key = keyText(pair.key);
    if (refuseKey(pair.key, key, data, walk) || key === undefined) continue;
    const value = convert(pair.value, walk, depth + 1, viaAlias);
    data[key] = value;
  }
  return data;
}

function refuseKey(node: unknown, key: string | undefined, data: object, walk: Walk): boolean {
  const offset = offsetOf(node);
  if (key === undefined) walk.report(offset, 'a key must be a plain word');
  else if (key === '<<') walk.report(offset, 'the merge key "<<" is not supported', 'write the keys out');
  else if (FORBIDDEN_KEYS.has(key)) walk.report(offset, `the key ${quote(key)} is not allowed`);
  else if (Object.hasOwn(data, key)) walk.report(offset, `the key ${quote(key)} is written twice in one map`);
  else return false;
  return true;
}

function stop(node: unknown, walk: Walk, message: string): null {
  walk.report(offsetOf(node), message);
  walk.stopped = true;
  return null;
}

function offsetOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}
