import type { z } from 'zod';
import type { Instance } from '../../model/instance.ts';
import { canonicalAddress } from '../address.ts';
import { prefixedLabels, uniqueIds } from '../targets.ts';
import type { FileEntry } from './schema.ts';

/** What the labels of this source begin with. */
export const FILE_PREFIX = 'file';

/** The label that `from[].service` selects by. */
export const FILE_SERVICE_LABEL = `${FILE_PREFIX}.service`;

type Found = { readonly instances: readonly Instance[] } | { readonly issues: readonly z.core.$ZodIssue[] };

/** muster's own shape: `service` becomes the label `file.service`, each label `k` becomes `file.label.k`. */
export function instancesFromEntries(entries: readonly FileEntry[]): Found {
  const issues = repeatedIds(entries);
  if (issues.length > 0) return { issues };
  const idOf = uniqueIds(entries.flatMap((entry) => (entry.id === undefined ? [] : [entry.id])));
  return { instances: entries.map((entry) => instanceOf(entry, idOf)) };
}

function instanceOf(entry: FileEntry, idOf: (wanted: string) => string): Instance {
  const address = canonicalAddress(entry.address);
  const ports = entry.ports ?? (entry.port === undefined ? {} : { '': entry.port });
  const name = entry.service === undefined ? address : `${entry.service}/${address}`;
  return {
    id: entry.id ?? idOf(entry.port === undefined ? name : `${name}:${entry.port}`),
    address,
    ports,
    locality: { region: entry.region ?? '', zone: entry.zone ?? '', subZone: entry.subZone ?? '' },
    health: entry.health,
    ...(entry.weight === undefined ? {} : { weight: entry.weight }),
    labels: prefixedLabels(entry.labels, FILE_PREFIX, entry.service),
  };
}

function repeatedIds(entries: readonly FileEntry[]): readonly z.core.$ZodIssue[] {
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
