import type { StateCheck } from './entries.ts';

/** What every check of a registry says, by service and by node, without output and indexes. */
export interface CheckView {
  /** Service -> its checks, in words that are equal when they are. */
  readonly services: ReadonlyMap<string, string>;
  /** Node -> the checks that concern all services on it. */
  readonly nodes: ReadonlyMap<string, string>;
}

export function checkView(checks: readonly StateCheck[]): CheckView {
  const services = new Map<string, string[]>();
  const nodes = new Map<string, string[]>();
  for (const check of checks) {
    const [map, key] =
      check.ServiceName === '' ? ([nodes, check.Node] as const) : ([services, check.ServiceName] as const);
    const line = JSON.stringify([check.Node, check.ServiceID, check.CheckID, check.Status]);
    const lines = map.get(key);
    if (lines === undefined) map.set(key, [line]);
    else lines.push(line);
  }
  return { services: joined(services), nodes: joined(nodes) };
}

/** The services that are not as they were, by a check of theirs or of a node that they are on. */
export function changedServices(
  before: CheckView,
  after: CheckView,
  servicesOn: (node: string) => Iterable<string>,
): ReadonlySet<string> {
  const changed = new Set(differing(before.services, after.services));
  for (const node of differing(before.nodes, after.nodes)) {
    for (const service of servicesOn(node)) changed.add(service);
  }
  return changed;
}

function* differing(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Generator<string> {
  for (const [key, text] of after) if (before.get(key) !== text) yield key;
  for (const key of before.keys()) if (!after.has(key)) yield key;
}

function joined(lines: ReadonlyMap<string, string[]>): ReadonlyMap<string, string> {
  return new Map([...lines].map(([key, some]) => [key, some.sort().join('\n')]));
}
