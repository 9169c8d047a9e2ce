import { Option } from 'commander';
import { type CliCommand, examples } from './io.ts';
import { musterVersion } from './version.ts';

interface Options {
  readonly settings?: string;
  readonly config?: string;
  readonly state?: string;
  readonly sealKeyFile?: string;
  readonly xds?: string;
  readonly api?: string;
  readonly apiTokenFile?: string;
  readonly logLevel?: string;
  readonly nodeDenylist?: string;
  readonly operator?: readonly string[];
  readonly auditFile?: string;
}

export const serveCommand: CliCommand = (program, io) => {
  program
    .command('serve')
    .description('run a replica: reads the config, serves xDS and the HTTP API until it is told to end')
    .option('--config <path>', 'the config: a file, or a directory of them')
    .option('--state <dir>', 'where the last good state is kept over a restart')
    .option('--seal-key-file <path>', 'key with which last good secrets are kept there too, sealed')
    .option('--xds <address>', 'address for Envoy (default: 127.0.0.1:18000)')
    .option('--api <address>', 'address of the HTTP API (default: 127.0.0.1:18080)')
    .option('--api-token-file <path>', 'file with the bearer token of the API; needed beyond loopback')
    .option('--node-denylist <path>', 'file with the nodes that may not connect; watched')
    .option('--operator <uri...>', 'identity whose certificate may read the client status (CSDS)')
    .option('--audit-file <path>', 'append what was refused to this file, beside standard output')
    .option('--settings <path>', 'process settings (muster.yaml); a flag goes before what it says')
    .addOption(
      new Option('--log-level <level>', 'least level that is logged (default: info)').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .addHelpText(
      'after',
      examples(
        'muster serve --config examples/quickstart --state /var/lib/muster',
        'muster serve --settings /etc/muster/muster.yaml --log-level debug',
      ),
    )
    .action(async ({ settings: file, operator: operators, ...rest }: Options) => {
      const flags = { ...rest, operators };
      const { loadSettings, serve } = await import('../serve.ts');
      const settings = await loadSettings({ file, flags, env: io.env });
      const replica = await serve(settings, { version: musterVersion() });
      await ended(io.signal);
      await replica.close();
    });
};

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
