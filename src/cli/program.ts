import { Command } from 'commander';
import { type CliCommand, type CliIo, EXIT_CODES } from './io.ts';
import { musterVersion } from './version.ts';

/** The whole command line. Never ends the process: commander's exits are thrown. */
export function createProgram(commands: readonly CliCommand[], io: CliIo): Command {
  const program = new Command('muster')
    .description('A fleet manager for Envoy on VMs: a directory of YAML drives a fleet of proxies')
    .version(musterVersion(), '-V, --version', 'print the version')
    .option('--debug', 'show the stack of a failure')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText('after', helpTail());
  for (const command of commands) command(program, io);
  for (const command of program.commands) command.option('--debug', 'show the stack of a failure');
  return program;
}

function helpTail(): string {
  const codes = EXIT_CODES.map(({ code, meaning }) => `  ${code}  ${meaning}`).join('\n');
  return `
Examples:
  $ muster validate examples/quickstart
  $ muster serve --config examples/quickstart --state /var/lib/muster
  $ muster bootstrap --group edge --node-id n1 --xds 127.0.0.1:18000 > bootstrap.yaml
  $ muster status

Exit codes:
${codes}
`;
}
