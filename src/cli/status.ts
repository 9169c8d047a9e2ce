import { z } from 'zod';
import { formatProblem } from '../errors.ts';
import { alarm, alarmsText } from './alarms.ts';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument, toTable } from './output.ts';
import { SOURCE_HEAD, type Source, source, sourceRows } from './sources.ts';

const problem = z.object({
  message: z.string(),
  path: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
  hint: z.string().optional(),
});

const status = z.object({
  version: z.string(),
  started: z.string(),
  ready: z.boolean(),
  alarms: z.array(alarm),
  config: z.object({
    path: z.string(),
    revision: z.number(),
    hash: z.string(),
    problems: z.array(problem),
  }),
  groups: z.array(
    z.object({
      name: z.string(),
      revision: z.number(),
      resources: z.record(z.string(), z.number()),
      nodes: z.number(),
      inSync: z.number(),
      problems: z.array(problem),
    }),
  ),
  sources: z.array(source),
  secrets: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      state: z.string(),
      notAfter: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
  state: z.object({ path: z.string(), ok: z.boolean(), error: z.string().optional() }),
});

type Status = z.output<typeof status>;
type Problem = z.output<typeof problem>;

/** Beyond it a table is no help. */
const SCOPES_SHOWN = 20;

export const statusCommand: CliCommand = (program, io) => {
  withApi(program.command('status'), io)
    .description('config, groups, sources and secrets of a running muster')
    .addOption(outputOption())
    .addHelpText('after', examples('muster status', 'muster status -o json'))
    .action(async (options: LiveOptions & { output: Format }) => {
      const { whole, read } = await ask(options, '/v1/status', status, io.signal);
      io.out(options.output === 'table' ? statusText(read) : toDocument(whole, options.output));
    });
};

function statusText(data: Status): string {
  const { config, state } = data;
  const readiness = data.ready ? 'ready' : 'not ready';
  const head = [
    `muster ${clean(data.version)}, ${readiness}, since ${clean(data.started)}`,
    `config ${clean(config.path)}, revision ${config.revision}, ${clean(config.hash.slice(0, 12)) || 'none accepted yet'}`,
    `state ${clean(state.path)}: ${state.ok ? 'ok' : clean(state.error ?? 'failing')}`,
  ].join('\n');
  const parts = [
    alarmsText(data.alarms),
    problemsText('The newest edit is refused; the config above still runs', config.problems),
    section('GROUP', groupRows(data)),
    ...data.groups.map((group) => problemsText(`Problems of group ${clean(group.name)}`, group.problems)),
    sourcesText(data),
    section('SECRET', secretRows(data)),
  ];
  return `${[`${head}\n`, ...parts.filter((part) => part !== '')].join('\n')}`;
}

const HEADS = {
  GROUP: ['GROUP', 'REVISION', 'NODES', 'IN SYNC', 'RESOURCES'],
  SOURCE: SOURCE_HEAD,
  SECRET: ['SECRET', 'KIND', 'STATE', 'UNTIL', 'ERROR'],
} as const;

function section(name: keyof typeof HEADS, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : toTable(HEADS[name], rows);
}

function groupRows({ groups }: Status): readonly string[][] {
  return groups.map(({ name, revision, nodes, inSync, resources }) => [
    name,
    revision === 0 ? 'none yet' : String(revision),
    String(nodes),
    String(inSync),
    Object.entries(resources)
      .map(([type, count]) => `${count} ${type}`)
      .join(', '),
  ]);
}

/** A source with very many scopes shows those that need a look, and the number of the others. */
function sourcesText({ sources }: Status): string {
  return section('SOURCE', sources.flatMap(fewRows));
}

function fewRows(one: Source): readonly (readonly string[])[] {
  if (one.scopes.length <= SCOPES_SHOWN) return sourceRows(one);
  const troubled = one.scopes.filter(({ state }) => state !== 'ok');
  const shown = troubled.slice(0, SCOPES_SHOWN);
  const others = one.scopes.length + one.left - shown.length;
  // The troubled ones come first, so when all of them are shown the others are well.
  const state = troubled.length > shown.length ? one.state : 'ok';
  const rows = shown.length === 0 ? [] : sourceRows({ ...one, scopes: shown });
  return [...rows, [one.name, one.kind, `${others}${rows.length === 0 ? '' : ' other'} scopes`, state]];
}

function secretRows({ secrets }: Status): readonly string[][] {
  return secrets.map(({ name, kind, state, notAfter, error }) => [
    name,
    kind,
    state,
    notAfter ?? '',
    error ?? '',
  ]);
}

function problemsText(title: string, problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  return `${title}:\n${problems.map((one) => `  ${clean(formatProblem(one))}\n`).join('')}`;
}
