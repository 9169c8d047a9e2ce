import type { z } from 'zod';
import type { Instance } from '../../model/instance.ts';
import { canonicalAddress, type fileInstance, splitTarget, type targetsFile } from './schema.ts';

/** The label that `from[].service` selects by. */
export const FILE_SERVICE_LABEL = 'file.service';

type Entry = z.infer<typeof fileInstance>;
type Found = { readonly instances: readonly Instance[] } | { readonly issues: readonly z.core.$ZodIssue[] };

/** muster's own shape: `service` becomes the label `file.service`, each label `k` becomes `file.label.k`. */
export function instancesFromEntries(entries: readonly Entry[]): Found {
  const issues = repeatedIds(entries);
  if (issues.length > 0) return { issues };
  const idOf = uniqueIds(entries.flatMap((entry) => (entry.id === undefined ? [] : [entry.id])));
  return { instances: entries.map((entry) => instanceOf(entry, idOf)) };
}

/** Prometheus' shape: each target is an instance with the labels of its group. */
export function instancesFromTargets(groups: z.infer<typeof targetsFile>): readonly Instance[] {
  const idOf = uniqueIds([]);
  return groups.flatMap((group) =>
    group.targets.map((target) => {
      const { address, port } = splitTarget(target);
      return instanceOf({ address, port, health: 'HEALTHY', labels: group.labels }, idOf);
    }),
  );
}

function instanceOf(entry: Entry, idOf: (wanted: string) => string): Instance {
  const address = canonicalAddress(entry.address);
  const ports = entry.ports ?? (entry.port === undefined ? {} : { '': entry.port });
  const name = entry.service === undefined ? address : `${entry.service}/${address}`;
  const labels = Object.entries(entry.labels).map(([key, value]) => [`file.label.${key}`, value]);
  return {
    id: entry.id ?? idOf(entry.port === undefined ? name : `${name}:${entry.port}`),
    address,
    ports,
    locality: { region: entry.region ?? '', zone: entry.zone ?? '', subZone: entry.subZone ?? '' },
    health: entry.health,
    ...(entry.weight === undefined ? {} : { weight: entry.weight }),
    labels: {
      ...Object.fromEntries(labels),
      ...(entry.service === undefined ? {} : { [FILE_SERVICE_LABEL]: entry.service }),
    },
  };
}

/** The same address may stand in two groups with different labels: the second is told apart by a number. */
function uniqueIds(taken: readonly string[]): (wanted: string) => string {
  const seen = new Set(taken);
  return (wanted) => {
    let id = wanted;
    for (let n = 2; seen.has(id); n += 1) id = `${wanted}#${n}`;
    seen.add(id);
    return id;
  };
}

function repeatedIds(entries: readonly Entry[]): readonly z.core.$ZodIssue[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ id }, n) => {
    if (id === undefined) return [];
    const before = first.get(id);
    if (before === undefined) first.set(id, n);
    if (before === undefined) return [];
    const message = `the id "${id}" is already that of instances[${before}]`;
    return [{ code: 'custom' as const, path: ['instances', n, 'id'], message, input: id }];
  });
}
