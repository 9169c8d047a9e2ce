import { type CliCommand, examples } from '../io.ts';
import { initCommand } from './init.ts';
import { issueCommand } from './issue.ts';

export const pkiCommand: CliCommand = (program, io) => {
  const pki = program
    .command('pki')
    .description('a small CA for the fleet: certificates for muster, for nodes, for operators')
    .helpCommand(false)
    .addHelpText(
      'after',
      examples(
        'muster pki init --trust-domain example.org',
        'muster pki issue --server muster.internal --ip 10.0.0.1',
        'muster pki issue --group edge --node n1',
      ),
    );
  initCommand(pki, io);
  issueCommand(pki, io);
  for (const command of pki.commands) command.option('--debug', 'show the stack of a failure');
};
