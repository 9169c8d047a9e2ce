import { z } from 'zod';
import { MusterError } from '../errors.ts';
import { acceptText } from './alarms.ts';
import { explainSecret } from './explain-secret.ts';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument, toTable, toYaml } from './output.ts';
import { clockText, counted, queryText, wholeNumber } from './words.ts';

const chosen = z.object({
  from: z.number().optional(),
  source: z.string().optional(),
  scope: z.string().optional(),
  id: z.string(),
  address: z.string(),
  port: z.number(),
  priority: z.number(),
  locality: z.object({ region: z.string(), zone: z.string() }),
  health: z.string(),
  weight: z.number().optional(),
  held: z.boolean(),
  stale: z.boolean(),
});

const from = z.object({
  index: z.number(),
  source: z.string(),
  state: z.string(),
  selection: z.record(z.string(), z.unknown()),
  chosen: z.number(),
  notChosen: z.array(z.object({ reason: z.string(), count: z.number(), examples: z.array(z.string()) })),
  reasonsLeft: z.number(),
});

const explained = z.object({
  service: z.string(),
  origin: z.object({ object: z.string(), file: z.string().optional(), line: z.number().optional() }),
  known: z.boolean(),
  settings: z.record(z.string(), z.unknown()),
  endpoints: z.number(),
  inline: z.number(),
  from: z.array(from),
  chosen: z.array(chosen),
  left: z.number(),
  held: z
    .object({
      endpoints: z.number(),
      until: z.string(),
      source: z.string(),
      scope: z.string(),
      examples: z.array(z.string()),
    })
    .optional(),
});

type Explained = z.output<typeof explained>;
type From = z.output<typeof from>;
type Chosen = z.output<typeof chosen>;

interface Options extends LiveOptions {
  readonly limit: string;
  readonly output: Format;
}

export const explainCommand: CliCommand = (program, io) => {
  withApi(program.command('explain'), io)
    .argument('<what/name>', 'service/checkout or secret/shop-tls')
    .description(
      'which endpoint of a service came from where and why; where a secret comes from and who may have it',
    )
    .option('--limit <count>', 'most endpoints that are shown', '100')
    .addOption(outputOption())
    .addHelpText('after', examples('muster explain service/hello', 'muster explain secret/shop -o json'))
    .action(async (what: string, { limit, output, ...live }: Options) => {
      const { kind, name } = partsOf(what);
      if (kind === 'secret') return explainSecret(name, { output, ...live }, io);
      const query = queryText({ limit: wholeNumber('--limit', limit) });
      const path = `/v1/explain/service/${encodeURIComponent(name)}${query}`;
      const { whole, read } = await ask(live, path, explained, io.signal);
      io.out(output === 'table' ? explainText(read) : toDocument(whole, output));
    });
};

function partsOf(what: string): { readonly kind: 'service' | 'secret'; readonly name: string } {
  const [, kind, name] = /^(service|secret)\/(.+)$/.exec(what) ?? [];
  if (name !== undefined) return { kind: kind === 'secret' ? 'secret' : 'service', name };
  const words = 'write service/NAME or secret/NAME; services and secrets can be explained';
  throw new MusterError('usage', `${JSON.stringify(what)}: ${words}`);
}

function explainText(data: Explained): string {
  const { origin, endpoints, inline } = data;
  const place = [origin.file, origin.line].filter((part) => part !== undefined).join(':');
  const written = inline === 0 ? '' : `, ${inline} of them written in the config`;
  const parts = [
    `service ${clean(data.service)}${place === '' ? '' : ` (${clean(place)})`}: ${counted(endpoints, 'endpoint')}${written}\n`,
    data.known ? '' : 'A source of it was never read: nothing is known of its endpoints yet.\n',
    heldText(data.held),
    chosenText(data),
    ...data.from.map(fromText),
    `\nSettings in force\n${indented(data.settings)}`,
  ];
  return parts.join('');
}

function heldText(held: Explained['held']): string {
  if (held === undefined) return '';
  const { endpoints, until, source, scope, examples: some } = held;
  const which = `${some.join(', ')}${endpoints > some.length ? ' …' : ''}`;
  const what = `${counted(endpoints, 'endpoint')} served DEGRADED though no source gives them any more`;
  const by = `since ${source}/${scope} no longer names them, until ${clockText(until)} at the latest`;
  return `HELD: ${what} (${clean(which)}), ${clean(by)}\n  ${acceptText(source, scope)}\n`;
}

const HEAD = ['ENDPOINT', 'FROM', 'SOURCE', 'SCOPE', 'ID', 'PRIORITY', 'ZONE', 'WEIGHT', 'HEALTH'];

function chosenText({ chosen: all, left }: Explained): string {
  if (all.length === 0) return '';
  const more = left === 0 ? '' : `and ${counted(left, 'more endpoint')}; --limit shows them\n`;
  return `\n${toTable(HEAD, all.map(rowOf))}${more}`;
}

function rowOf(one: Chosen): readonly string[] {
  const host = one.address.includes(':') ? `[${one.address}]` : one.address;
  return [
    `${host}:${one.port}`,
    one.from === undefined ? 'config' : `[${one.from}]`,
    one.source ?? '',
    one.scope ?? '',
    one.id,
    String(one.priority),
    one.locality.zone || one.locality.region,
    one.weight === undefined ? '' : String(one.weight),
    healthText(one),
  ];
}

function healthText({ health, held, stale }: Chosen): string {
  const words = [health, held && 'held', stale && 'stale'];
  return words.filter((word) => word !== false).join(', ');
}

function fromText({ index, source, state, selection, chosen: count, notChosen, reasonsLeft }: From): string {
  const head = `\nfrom [${index}] source ${clean(source)} (${clean(state)}): ${count} chosen\n${indented(selection)}`;
  const reasons = notChosen.map(({ reason, count: many, examples: ids }) => {
    const more = many > ids.length ? ' …' : '';
    return `  ${many} not chosen: ${clean(reason)} (${clean(ids.join(', '))}${more})\n`;
  });
  const more = reasonsLeft === 0 ? '' : `  and ${counted(reasonsLeft, 'more reason')}\n`;
  return `${head}${reasons.join('')}${more}`;
}

function indented(value: object): string {
  return toYaml(value)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${clean(line)}\n`)
    .join('');
}
