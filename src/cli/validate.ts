import { type CliCommand, examples } from './io.ts';
import { clean, type Format, outputOption, toDocument, toTable } from './output.ts';

export const validateCommand: CliCommand = (program, io) => {
  program
    .command('validate')
    .argument('<path>', 'a file, or a directory of them')
    .description('check a config: every mistake at once, with file, line and the nearest right word')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('muster validate examples/quickstart', 'muster validate config.yaml -o json'),
    )
    .action(async (path: string, { output }: { output: Format }) => {
      const { validateConfig } = await import('../offline.ts');
      const summary = await validateConfig(path);
      if (output !== 'table') return io.out(toDocument(summary, output));
      for (const warning of summary.warnings) io.err(`warning: ${clean(warning)}\n`);
      const rows = Object.entries(summary.counts).map(([what, count]) => [what, String(count)]);
      io.out(`${path} is valid\n\n${toTable(['WHAT', 'COUNT'], rows)}`);
    });
};
