import { z } from 'zod';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument, toTable } from './output.ts';

const origin = z.object({ object: z.string(), file: z.string().optional(), line: z.number().optional() });

const nodes = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      group: z.string(),
      address: z.string(),
      variant: z.string(),
      envoyVersion: z.string().optional(),
      connectedSince: z.string(),
      inSync: z.boolean(),
      types: z.array(
        z.object({
          type: z.string(),
          nack: z.object({ message: z.string(), objects: z.array(origin) }).optional(),
        }),
      ),
    }),
  ),
  refused: z.array(z.object({ id: z.string(), address: z.string(), reason: z.string(), count: z.number() })),
});

type Nodes = z.output<typeof nodes>;
type Node = Nodes['nodes'][number];

export const nodesCommand: CliCommand = (program, io) => {
  withApi(program.command('nodes'), io)
    .description('connected nodes, what each refused and why, and the nodes turned away')
    .option('--group <name>', 'only the nodes of this group')
    .addOption(outputOption())
    .addHelpText('after', examples('muster nodes', 'muster nodes --group edge', 'muster nodes -o yaml'))
    .action(async (options: LiveOptions & { output: Format; group?: string }) => {
      const { whole, read } = await ask(options, '/v1/nodes', nodes, io.signal);
      const shown = options.group === undefined ? read : ofGroup(read, options.group);
      const document = options.group === undefined ? whole : shown;
      io.out(options.output === 'table' ? nodesText(shown) : toDocument(document, options.output));
    });
};

function ofGroup(data: Nodes, group: string): Nodes {
  return { ...data, nodes: data.nodes.filter((node) => node.group === group) };
}

function nodesText({ nodes: connected, refused }: Nodes): string {
  const head = ['NODE', 'GROUP', 'ADDRESS', 'ENVOY', 'XDS', 'STATE', 'SINCE'];
  const list = connected.length === 0 ? 'no node is connected\n' : toTable(head, connected.map(row));
  const turnedAway = refused.map(({ id, address, reason, count }) => [id, address, String(count), reason]);
  const refusals =
    turnedAway.length === 0 ? '' : `\n${toTable(['TURNED AWAY', 'ADDRESS', 'TIMES', 'WHY'], turnedAway)}`;
  return `${list}${connected.map(nackText).join('')}${refusals}`;
}

function row(node: Node): string[] {
  const { id, group, address, envoyVersion, variant, connectedSince } = node;
  return [id, group, address, envoyVersion ?? '', variant, stateOf(node), connectedSince];
}

function stateOf({ inSync, types }: Node): string {
  if (types.some(({ nack }) => nack !== undefined)) return 'refused';
  return inSync ? 'in sync' : 'behind';
}

function nackText({ id, types }: Node): string {
  return types
    .flatMap(({ type, nack }) => (nack === undefined ? [] : [{ type, nack }]))
    .map(({ type, nack }) => {
      const where = nack.objects.map(({ object, file, line }) =>
        file === undefined
          ? object
          : `${object} (${[file, line].filter((part) => part !== undefined).join(':')})`,
      );
      const from = where.length === 0 ? '' : `\n  from ${clean(where.join(', '))}`;
      return `\n${clean(id)} refused ${clean(type.slice(type.lastIndexOf('.') + 1))}: ${clean(nack.message)}${from}\n`;
    })
    .join('');
}
