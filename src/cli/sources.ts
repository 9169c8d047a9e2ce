import { z } from 'zod';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument, toTable } from './output.ts';
import { ageText, clockText, counted, queryText, wholeNumber } from './words.ts';

const scope = z.object({
  scope: z.string(),
  state: z.string(),
  instances: z.number(),
  held: z.number(),
  dropped: z.number(),
  ageSeconds: z.number().optional(),
  restored: z.boolean(),
  stale: z.boolean(),
  error: z.string().optional(),
  failures: z.number(),
  nextAttempt: z.string().optional(),
  heldUntil: z.string().optional(),
});

export const source = z.object({
  name: z.string(),
  kind: z.string(),
  state: z.string(),
  services: z.number(),
  instances: z.number(),
  scopes: z.array(scope),
  left: z.number(),
});

const sources = z.object({ sources: z.array(source) });

export type Source = z.output<typeof source>;
type Scope = z.output<typeof scope>;

interface Options extends LiveOptions {
  readonly source?: string;
  readonly limit: string;
  readonly output: Format;
}

export const sourcesCommand: CliCommand = (program, io) => {
  withApi(program.command('sources'), io)
    .description('where endpoints come from: each source and scope with its state, age and last error')
    .option('--source <name>', 'this source alone')
    .option('--limit <count>', 'most scopes of each source', '1000')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('muster sources', 'muster sources --source legacy', 'muster sources -o json'),
    )
    .action(async ({ source: name, limit, output, ...live }: Options) => {
      const query = queryText({ source: name, limit: wholeNumber('--limit', limit) });
      const { whole, read } = await ask(live, `/v1/sources${query}`, sources, io.signal);
      io.out(output === 'table' ? sourcesText(read.sources) : toDocument(whole, output));
    });
};

export const SOURCE_HEAD = [
  'SOURCE',
  'KIND',
  'SCOPE',
  'STATE',
  'INSTANCES',
  'HELD',
  'DROPPED',
  'AGE',
  'NEXT',
  'ERROR',
];

function sourcesText(shown: readonly Source[]): string {
  if (shown.length === 0) return 'the config has no sources: every endpoint is written in it\n';
  return `${toTable(SOURCE_HEAD, shown.flatMap(sourceRows))}${shown.map(leftText).join('')}`;
}

/** Also the rows of `muster status`. */
export function sourceRows({ name, kind, state, scopes }: Source): readonly string[][] {
  if (scopes.length === 0) return [[name, kind, '', state, '0', '', '', '', '', '']];
  return scopes.map((one) => [
    name,
    kind,
    one.scope,
    stateText(one, state),
    String(one.instances),
    heldText(one),
    one.dropped === 0 ? '' : String(one.dropped),
    ageText(one.ageSeconds),
    clockText(one.nextAttempt),
    errorText(one),
  ]);
}

function leftText({ name, left }: Source): string {
  return left === 0
    ? ''
    : `and ${counted(left, 'more scope')} of ${clean(name)}; muster sources --limit shows them\n`;
}

/** A failing scope may be held or restored as well, and all of it matters. */
function stateText({ state, held, restored, stale }: Scope, ofSource: string): string {
  return [
    state,
    ...(held > 0 && state !== 'held' ? ['held'] : []),
    ...(restored && state !== 'restored' ? ['restored'] : []),
    ...(stale ? ['stale'] : []),
    ...(ofSource === 'unused' ? ['unused'] : []),
  ].join(', ');
}

function heldText({ held, heldUntil }: Scope): string {
  if (held === 0) return '';
  return heldUntil === undefined ? String(held) : `${held} until ${clockText(heldUntil)}`;
}

function errorText({ error, failures }: Scope): string {
  if (error === undefined) return '';
  return failures > 1 ? `${error} (${failures} times in a row)` : error;
}
