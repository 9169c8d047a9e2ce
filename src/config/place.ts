import { isAlias, isMap, isNode, isSeq, type Node, visit } from 'yaml';
import { keyText } from './data.ts';
import { type Place, placeAt, type Tree } from './tree.ts';

export type Path = readonly (string | number)[];

/**
 * Where `path` stands in the file: the value's place, or the key's with `key: true` (for words that
 * are wrong themselves), or the nearest parent that exists (for what is missing).
 */
export function placeOf(tree: Tree, start: Node | null, path: Path, key = false): Place {
  let node: unknown = start;
  let offset = offsetOf(start);
  for (const [index, step] of path.entries()) {
    const found = child(resolve(tree, node), step);
    if (found === undefined) break;
    node = found.value;
    const useKey = (key && index === path.length - 1) || !isNode(node);
    offset = useKey ? offsetOf(found.key) : offsetOf(node);
  }
  return placeAt(tree, offset);
}

function child(node: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => keyText(item.key) === String(step));
    return pair === undefined ? undefined : { key: pair.key, value: pair.value };
  }
  if (!isSeq(node) || typeof step !== 'number' || step >= node.items.length) return undefined;
  return { key: node.items[step], value: node.items[step] };
}

function resolve(tree: Tree, node: unknown): unknown {
  if (!isAlias(node) || tree.root === null) return node;
  let target: Node | undefined;
  // The last anchor of that name before the alias counts.
  visit(tree.root, {
    Node: (_, candidate) => {
      if (candidate === node) return visit.BREAK;
      if (!isAlias(candidate) && candidate.anchor === node.source) target = candidate;
      return undefined;
    },
  });
  return target ?? node;
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** `httpRoutes.shop.rules[0].where["consul.tag.v2"]` */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.length > 80 ? `${step.slice(0, 80)}…` : step)}]`;
  }
  return text;
}
