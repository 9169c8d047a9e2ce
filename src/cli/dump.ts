import { z } from 'zod';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, withApi } from './live.ts';
import { documentOption, toDocument } from './output.ts';

interface DumpOptions extends LiveOptions {
  readonly group: string;
  readonly type?: string;
  readonly output: 'json' | 'yaml';
}

export const dumpCommand: CliCommand = (program, io) => {
  withApi(program.command('dump'), io)
    .description('the resources that the nodes of a group are served, secrets redacted')
    .requiredOption('--group <name>', 'name in `groups`')
    .option('--type <type>', 'one type only: cluster, endpoint, listener, route, secret or a type URL')
    .addOption(documentOption('yaml'))
    .addHelpText(
      'after',
      examples('muster dump --group edge', 'muster dump --group edge --type route -o json'),
    )
    .action(async ({ group, type, output, ...live }: DumpOptions) => {
      const query = type === undefined ? '' : `?${new URLSearchParams({ type })}`;
      const path = `/v1/groups/${encodeURIComponent(group)}/snapshot${query}`;
      const { whole } = await ask(live, path, z.object({ group: z.string() }), io.signal);
      io.out(toDocument(whole, output));
    });
};
