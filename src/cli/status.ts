import { z } from 'zod';
import { formatProblem } from '../errors.ts';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument, toTable } from './output.ts';

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
  sources: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      scopes: z.array(
        z.object({
          scope: z.string(),
          state: z.string(),
          instances: z.number(),
          ageSeconds: z.number(),
          error: z.string().optional(),
        }),
      ),
    }),
  ),
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
    problemsText('The newest edit is refused; the config above still runs', config.problems),
    section('GROUP', groupRows(data)),
    ...data.groups.map((group) => problemsText(`Problems of group ${clean(group.name)}`, group.problems)),
    section('SOURCE', sourceRows(data)),
    section('SECRET', secretRows(data)),
  ];
  return `${[`${head}\n`, ...parts.filter((part) => part !== '')].join('\n')}`;
}

const HEADS = {
  GROUP: ['GROUP', 'REVISION', 'NODES', 'IN SYNC', 'RESOURCES'],
  SOURCE: ['SOURCE', 'KIND', 'SCOPE', 'STATE', 'INSTANCES', 'AGE', 'ERROR'],
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

function sourceRows({ sources }: Status): readonly string[][] {
  return sources.flatMap(({ name, kind, scopes }) =>
    scopes.map(({ scope, state, instances, ageSeconds, error }) => {
      return [name, kind, scope, state, String(instances), `${Math.round(ageSeconds)}s`, error ?? ''];
    }),
  );
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
