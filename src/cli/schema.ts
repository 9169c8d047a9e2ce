import { type CliCommand, examples } from './io.ts';
import { toJson } from './output.ts';

export const schemaCommand: CliCommand = (program, io) => {
  program
    .command('schema')
    .description('the JSON Schema of the config, for editors')
    .addHelpText('after', examples('muster schema > config.schema.json'))
    .action(async () => {
      const { configSchema } = await import('../offline.ts');
      io.out(toJson(configSchema()));
    });
};
