import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { parseInstances } from '../discovery/index.ts';
import { MusterError } from '../errors.ts';
import type { Instance } from '../model/instance.ts';

/** What a file source calls the labels and the service of its entries. */
const FILE_LABEL = 'file.label.';
const FILE_SERVICE = 'file.service';

export interface SampleText {
  readonly text: string;
  /** For messages. */
  readonly file: string;
}

/** The source that the sample stands in for. */
export interface SampledKind {
  readonly kind: string;
  readonly serviceLabel: string | undefined;
}

const listed = z.object({
  instances: z.array(
    z.object({
      seen: z.object({
        id: z.string(),
        address: z.string(),
        ports: z.record(z.string(), z.int()),
        locality: z.object({ region: z.string(), zone: z.string(), subZone: z.string() }),
        health: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING']),
        weight: z.int().optional(),
        labels: z.record(z.string(), z.string()),
      }),
    }),
  ),
});

/**
 * Instances to try rules on: the output of `muster instances` as JSON or YAML, or what a file source
 * reads. There labels are taken as they are written unless the source is of kind `file` itself,
 * which puts its prefix before them.
 */
export function sampleInstances(
  { text, file }: SampleText,
  { kind, serviceLabel }: SampledKind,
): readonly Instance[] {
  const instances = listedInstances(text, file);
  if (instances !== undefined) return instances;
  const read = parseInstances(text, file);
  if (kind === 'file') return read;
  return read.map((instance) => ({ ...instance, labels: ownLabels(instance.labels, serviceLabel) }));
}

function listedInstances(text: string, file: string): readonly Instance[] | undefined {
  if (!/"?\bseen"?\s*:/.test(text)) return undefined;
  const parsed = listed.safeParse(treeOf(text));
  if (parsed.success) return parsed.data.instances.map(({ seen }) => seen);
  // Only the word was there: the file source says what is wrong with it, or reads it.
  const [issue] = parsed.error.issues;
  if (issue === undefined || issue.path.indexOf('seen') < 0 || issue.path.at(-1) === 'seen') return undefined;
  throw new MusterError('source_failed', `${file}: ${issue.path.join('.')}: ${issue.message}`);
}

function treeOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so perhaps YAML.
  }
  try {
    return parseYaml(text, { maxAliasCount: 100 });
  } catch {
    // Neither: what reads it next says where the mistake is.
    return undefined;
  }
}

function ownLabels(labels: Instance['labels'], serviceLabel: string | undefined): Instance['labels'] {
  const entries = Object.entries(labels).flatMap(([name, value]): [string, string][] => {
    if (name !== FILE_SERVICE)
      return [[name.startsWith(FILE_LABEL) ? name.slice(FILE_LABEL.length) : name, value]];
    return serviceLabel === undefined ? [] : [[serviceLabel, value]];
  });
  return Object.fromEntries(entries);
}
