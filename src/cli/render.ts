import { type CliCommand, examples } from './io.ts';
import { clean, documentOption, toDocument } from './output.ts';

interface Options {
  readonly group: string;
  readonly type?: string;
  readonly output: 'json' | 'yaml';
}

export const renderCommand: CliCommand = (program, io) => {
  program
    .command('render')
    .argument('<path>', 'a file, or a directory of them')
    .description('what Envoy would get: a config as xDS resources, offline, secrets never read')
    .requiredOption('--group <name>', 'name in `groups`')
    .option('--type <type>', 'one type only: cluster, endpoint, listener, route or a type URL')
    .addOption(documentOption('yaml'))
    .addHelpText(
      'after',
      examples(
        'muster render examples/quickstart --group edge',
        'muster render examples/quickstart --group edge --type route -o json',
      ),
    )
    .action(async (path: string, { group, type, output }: Options) => {
      const { renderGroup } = await import('../offline.ts');
      const { problems, ...document } = await renderGroup(path, { group, type, signal: io.signal });
      for (const problem of problems) io.err(`warning: ${clean(problem)}\n`);
      io.out(toDocument(document, output));
    });
};
