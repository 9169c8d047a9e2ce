import { z } from 'zod';
import { type CliCommand, type CliIo, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { type Format, outputOption, toDocument, toTable } from './output.ts';
import { counted, queryText, wholeNumber } from './words.ts';

/** Loose: programs get all that the API says. */
const instance = z.looseObject({
  id: z.string(),
  address: z.string(),
  ports: z.record(z.string(), z.number()),
  locality: z.object({ region: z.string(), zone: z.string() }),
  health: z.string(),
  weight: z.number().optional(),
  labels: z.record(z.string(), z.string()),
});

const seen = z.looseObject({
  source: z.string(),
  scope: z.string(),
  seen: instance,
  used: instance.optional(),
  dropped: z.string().optional(),
  held: z.boolean(),
});

const page = z.object({
  total: z.number(),
  left: z.number(),
  instances: z.array(seen),
});

type Seen = z.output<typeof seen>;

interface Options extends LiveOptions {
  readonly source?: string;
  readonly scope?: string;
  readonly service?: string;
  readonly label?: readonly string[];
  readonly limit: string;
  readonly output: Format;
}

interface Listed {
  readonly total: number;
  readonly left: number;
  readonly instances: readonly Seen[];
}

/** The API gives at most this many at a time. */
const PAGE = 1_000;

export const instancesCommand: CliCommand = (program, io) => {
  withApi(program.command('instances'), io)
    .description('what the sources see: each instance after relabelling, or why it is not served')
    .option('--service <name>', 'only what this service selects')
    .option('--source <name>', 'only of this source')
    .option('--scope <name>', 'only of this scope')
    .option('--label <name...>', 'labels that are columns of the table')
    .option('--limit <count>', 'most instances that are shown', '100')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'muster instances --source legacy --label file.service',
        'muster instances --service checkout',
        'muster instances --source aws --limit 20000 -o json > sample.json',
      ),
    )
    .action(async (options: Options) => {
      const listed = await fetchAll(options, io);
      const { output, label = [] } = options;
      io.out(output === 'table' ? instancesText(listed, label) : toDocument(listed, output));
    });
};

async function fetchAll(options: Options, io: CliIo): Promise<Listed> {
  const { source, scope, service } = options;
  const wanted = wholeNumber('--limit', options.limit);
  const instances: Seen[] = [];
  for (;;) {
    const limit = Math.min(PAGE, wanted - instances.length);
    const query = queryText({ source, scope, service, limit, offset: instances.length });
    const { read } = await ask(options, `/v1/instances${query}`, page, io.signal);
    instances.push(...read.instances);
    const isEnd = read.left === 0 || read.instances.length === 0;
    if (isEnd || instances.length >= wanted) return { total: read.total, left: read.left, instances };
  }
}

const HEAD = ['SOURCE', 'SCOPE', 'ID', 'ADDRESS', 'PORTS', 'ZONE', 'HEALTH', 'WEIGHT'];

function instancesText({ total, left, instances }: Listed, labels: readonly string[]): string {
  if (total === 0) return 'no instance\n';
  const rows = instances.map((one) => rowOf(one, labels));
  const table = rows.length === 0 ? '' : toTable([...HEAD, ...labels, 'STATE'], rows);
  const more = left === 0 ? '' : `; the last ${left.toLocaleString('en-US')} show with a larger --limit`;
  return `${table}${counted(total, 'instance')}${more}\n`;
}

function rowOf(one: Seen, labels: readonly string[]): readonly string[] {
  const { address, ports, locality, health, weight, labels: own } = one.used ?? one.seen;
  return [
    one.source,
    one.scope,
    one.seen.id,
    address,
    portsText(ports),
    locality.zone || locality.region,
    health,
    weight === undefined ? '' : String(weight),
    ...labels.map((label) => (Object.hasOwn(own, label) ? (own[label] ?? '') : '')),
    stateText(one),
  ];
}

function portsText(ports: Seen['seen']['ports']): string {
  return Object.entries(ports)
    .map(([name, port]) => (name === '' ? String(port) : `${name}=${port}`))
    .join(' ');
}

function stateText({ used, dropped, held }: Seen): string {
  if (used === undefined) return `not served: ${dropped ?? 'no reason is known'}`;
  return held ? 'held: the source no longer names it' : 'ok';
}
