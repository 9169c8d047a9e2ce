import { z } from 'zod';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { type Format, outputOption, toDocument, toTable } from './output.ts';
import { clockText } from './words.ts';

export const secretDetail = z.object({
  name: z.string(),
  kind: z.string(),
  store: z.string(),
  storeKind: z.string(),
  state: z.string(),
  version: z.string().optional(),
  notAfter: z.string().optional(),
  alarm: z.string(),
  lastRead: z.string().optional(),
  nextRead: z.string().optional(),
  failures: z.number(),
  error: z.string().optional(),
  warnings: z.array(z.string()),
  groups: z.array(z.string()),
  nodes: z.number(),
});

const secrets = z.object({ secrets: z.array(secretDetail) });

export type SecretDetail = z.output<typeof secretDetail>;

const HEAD = ['SECRET', 'KIND', 'STORE', 'STATE', 'VERSION', 'UNTIL', 'READ', 'NEXT', 'NODES', 'ERROR'];
/** An HMAC says no more in full. */
const VERSION_SHOWN = 14;

export const secretsCommand: CliCommand = (program, io) => {
  withApi(program.command('secrets'), io)
    .description('every secret: its store, version, end, reads and how many nodes are served; never a value')
    .addOption(outputOption())
    .addHelpText('after', examples('muster secrets', 'muster secrets -o json'))
    .action(async (options: LiveOptions & { output: Format }) => {
      const { whole, read } = await ask(options, '/v1/secrets', secrets, io.signal);
      io.out(options.output === 'table' ? secretsText(read.secrets) : toDocument(whole, options.output));
    });
};

function secretsText(shown: readonly SecretDetail[]): string {
  if (shown.length === 0) return 'the config has no secrets\n';
  return toTable(HEAD, shown.map(rowOf));
}

function rowOf(one: SecretDetail): readonly string[] {
  const { name, kind, store, storeKind, version = '', nodes } = one;
  return [
    name,
    kind,
    store === storeKind ? store : `${store} (${storeKind})`,
    stateText(one),
    version.length > VERSION_SHOWN ? `${version.slice(0, VERSION_SHOWN - 1)}…` : version,
    one.notAfter?.slice(0, 16).replace('T', ' ') ?? '',
    clockText(one.lastRead),
    clockText(one.nextRead),
    String(nodes),
    [one.error, ...one.warnings].filter((text) => text !== undefined).join('; '),
  ];
}

/** `failing, expired`: both matter. */
export function stateText({ state, alarm, failures }: SecretDetail): string {
  const often = state === 'failing' && failures > 1 ? `${state} (${failures} times)` : state;
  return alarm === 'none' || alarm === 'warn' ? often : `${often}, ${alarm === 'page' ? 'ends soon' : alarm}`;
}
