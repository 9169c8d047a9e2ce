import { z } from 'zod';
import type { Instance } from '../model/instance.ts';
import { NO_LOCALITY } from '../model/instance.ts';
import { canonicalAddress, type Hostnames, hostFault } from './address.ts';

/** Labels of an instance as a user writes them. */
export const writtenLabels = z.record(
  z.string().min(1).max(256),
  z.string('a label is text: write it in quotes'),
);

/** Prometheus' target groups (file_sd and HTTP SD): `[{ targets, labels }]`. */
export function targetGroups(hostnames: Hostnames) {
  const target = z.string('a target is text: "10.0.0.1:80"').superRefine((text, context) => {
    const message = targetFault(text, hostnames);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
  return z.array(z.strictObject({ targets: z.array(target), labels: writtenLabels.default({}) }));
}

type TargetGroups = z.infer<ReturnType<typeof targetGroups>>;

/** Each target is an instance with the labels of its group, `<prefix>.label.<name>`; the label `service` names its service. */
export function instancesFromTargets(groups: TargetGroups, prefix: string): readonly Instance[] {
  const idOf = uniqueIds([]);
  return groups.flatMap(({ targets, labels }) => {
    const prefixed = prefixedLabels(labels, prefix, labels['service']);
    return targets.map((target) => instanceOf(target, prefixed, idOf));
  });
}

function instanceOf(target: string, labels: Instance['labels'], idOf: (wanted: string) => string): Instance {
  const { host, port } = splitTarget(target);
  const address = canonicalAddress(host);
  return {
    id: idOf(port === undefined ? address : `${address}:${port}`),
    address,
    ports: port === undefined ? {} : { '': port },
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels,
  };
}

/** `<prefix>.label.<name>` for each, and `<prefix>.service` where it has one. */
export function prefixedLabels(
  labels: Readonly<Record<string, string>>,
  prefix: string,
  service: string | undefined,
): Instance['labels'] {
  const named = Object.entries(labels).map(([key, value]) => [`${prefix}.label.${key}`, value]);
  const own = service === undefined || service === '' ? {} : { [`${prefix}.service`]: service };
  return { ...Object.fromEntries(named), ...own };
}

/** The same address may stand in two groups with different labels: the second is told apart by a number. */
export function uniqueIds(taken: readonly string[]): (wanted: string) => string {
  const seen = new Set(taken);
  return (wanted) => {
    let id = wanted;
    for (let n = 2; seen.has(id); n += 1) id = `${wanted}#${n}`;
    seen.add(id);
    return id;
  };
}

/** `10.0.0.1:80`, `[::1]:80`, `db.internal:5432`, or the host alone. */
export function splitTarget(text: string): { readonly host: string; readonly port?: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]*))(?::(?<port>[0-9]+))?$/.exec(text);
  if (match?.groups === undefined) return { host: text };
  const host = match.groups.v6 ?? match.groups.v4 ?? '';
  return match.groups.port === undefined ? { host } : { host, port: Number(match.groups.port) };
}

function targetFault(text: string, hostnames: Hostnames): string | undefined {
  if (text.includes('://')) return `"${text}" is a URL: write only address:port`;
  const { host, port } = splitTarget(text);
  if (port !== undefined && (port < 1 || port > 65_535))
    return `port ${port} of "${text}": ports are 1-65535`;
  return hostFault(host, hostnames);
}
