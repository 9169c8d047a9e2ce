import { z } from 'zod';
import type { CliIo } from './io.ts';
import { ask, type LiveOptions } from './live.ts';
import { clean, type Format, toDocument, toYaml } from './output.ts';
import { secretDetail, stateText } from './secrets.ts';
import { counted } from './words.ts';

const origin = z.object({ object: z.string(), file: z.string().optional(), line: z.number().optional() });

const explained = z.object({
  secret: secretDetail,
  origin,
  reference: z.record(z.string(), z.unknown()),
  names: z.array(z.string()),
  usedBy: z.array(z.object({ object: z.string(), path: z.string(), origin })),
  groups: z.array(
    z.object({
      group: z.string(),
      listeners: z.array(z.string()),
      nodes: z.array(z.string()),
      withheld: z.array(z.string()),
    }),
  ),
  internal: z.boolean(),
});

type Explained = z.output<typeof explained>;

interface Options extends LiveOptions {
  readonly output: Format;
}

/** Beyond it a list is no help. */
const NODES_SHOWN = 20;

export async function explainSecret(name: string, options: Options, io: CliIo): Promise<void> {
  const path = `/v1/explain/secret/${encodeURIComponent(name)}`;
  const { whole, read } = await ask(options, path, explained, io.signal);
  io.out(options.output === 'table' ? explainText(read) : toDocument(whole, options.output));
}

function explainText(data: Explained): string {
  const { secret, reference, names } = data;
  const from = `from the store ${clean(secret.store)} (${clean(secret.storeKind)})`;
  return [
    `secret ${clean(secret.name)}${placeText(data.origin)}: ${clean(secret.kind)}, ${stateText(secret)}, ${from}\n`,
    indented(toYaml(reference)),
    secret.version === undefined ? '' : `  version ${clean(secret.version)}\n`,
    secret.notAfter === undefined ? '' : `  until ${clean(secret.notAfter)}\n`,
    names.length === 0 ? '' : `  for ${clean(names.join(', '))}\n`,
    ...[secret.error, ...secret.warnings].map((text) => (text === undefined ? '' : `  ! ${clean(text)}\n`)),
    usersText(data),
    groupsText(data),
  ].join('');
}

function usersText({ usedBy }: Explained): string {
  if (usedBy.length === 0) return '\nNothing in the config uses it: it is served to nobody.\n';
  const rows = usedBy.map(
    ({ object, path, origin: at }) => `  ${clean(object)} ${clean(path)}${placeText(at)}\n`,
  );
  return `\nUsed by\n${rows.join('')}`;
}

function groupsText({ groups, internal }: Explained): string {
  const own = internal ? '  muster itself, to log in\n' : '';
  const rows = groups.map(({ group, listeners, nodes, withheld }) => {
    const shown = nodes.slice(0, NODES_SHOWN).map(clean).join(', ');
    const more = nodes.length > NODES_SHOWN ? ` and ${nodes.length - NODES_SHOWN} more` : '';
    const served = `${counted(nodes.length, 'node')}${nodes.length === 0 ? '' : ` (${shown}${more})`}`;
    const kept =
      withheld.length === 0
        ? ''
        : `    withheld from ${withheld.slice(0, NODES_SHOWN).map(clean).join(', ')}: plaintext from beyond loopback\n`;
    return `  group ${clean(group)} by ${clean(listeners.join(', '))}: ${served}\n${kept}`;
  });
  if (rows.length === 0 && own === '') return '';
  return `\nMay have it, and nobody else\n${own}${rows.join('')}`;
}

function placeText({ file, line }: z.output<typeof origin>): string {
  const place = [file, line].filter((part) => part !== undefined).join(':');
  return place === '' ? '' : ` (${clean(place)})`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${clean(line)}\n`)
    .join('');
}
