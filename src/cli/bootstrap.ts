import { MusterError } from '../errors.ts';
import { parseAdmin, parseHostPort, plainText } from './envoy/address.ts';
import { type BootstrapInput, envoyBootstrap } from './envoy/bootstrap.ts';
import type { MutualTls } from './envoy/mutual-tls.ts';
import { type CliCommand, examples } from './io.ts';
import { documentOption, toDocument } from './output.ts';

interface Options {
  readonly group: string;
  readonly nodeId: string;
  readonly xds: readonly string[];
  readonly admin: string;
  readonly cluster?: string;
  readonly region?: string;
  readonly zone?: string;
  readonly mtlsCert?: string;
  readonly mtlsKey?: string;
  readonly mtlsCa?: string;
  readonly maxConnections: string;
  readonly output: 'json' | 'yaml';
}

export const bootstrapCommand: CliCommand = (program, io) => {
  program
    .command('bootstrap')
    .description('the bootstrap file that makes an Envoy join a group')
    .requiredOption('--group <name>', 'name in `groups`')
    .requiredOption('--node-id <id>', 'a name of this proxy alone')
    .requiredOption('--xds <address...>', 'HOST:PORT of each muster replica')
    .option('--admin <address>', "Envoy's admin: a loopback HOST:PORT or a unix path", '127.0.0.1:19000')
    .option(
      '--cluster <name>',
      "the node's cluster (default: the group's name, which is what a group matches on)",
    )
    .option('--region <name>', "the node's region")
    .option('--zone <name>', "the node's zone")
    .option('--mtls-cert <path>', "the node's certificate, on the proxy's machine")
    .option('--mtls-key <path>', "the certificate's private key")
    .option('--mtls-ca <path>', 'the CA that signed the certificate of muster')
    .option('--max-connections <count>', 'most client connections at a time', '50000')
    .addOption(documentOption('yaml'))
    .addHelpText(
      'after',
      examples(
        'muster bootstrap --group edge --node-id n1 --xds 127.0.0.1:18000 > bootstrap.yaml',
        'muster bootstrap --group edge --node-id n1 --xds m1.internal:18000 m2.internal:18000 --admin /run/envoy/admin.sock -o json',
      ),
    )
    .action((options: Options) => io.out(toDocument(envoyBootstrap(inputOf(options)), options.output)));
};

function inputOf(options: Options): BootstrapInput {
  const text = (option: string, value: string | undefined) =>
    value === undefined ? undefined : plainText(option, value);
  const group = plainText('--group', options.group);
  return {
    id: plainText('--node-id', options.nodeId),
    cluster: text('--cluster', options.cluster) ?? group,
    locality: { region: text('--region', options.region), zone: text('--zone', options.zone) },
    xds: options.xds.map((address) => parseHostPort('--xds', address)),
    admin: parseAdmin('--admin', options.admin),
    tls: tlsOf(options),
    maxConnections: countOf('--max-connections', options.maxConnections),
  };
}

function tlsOf({ mtlsCert, mtlsKey, mtlsCa }: Options): MutualTls | undefined {
  if (mtlsCert === undefined && mtlsKey === undefined && mtlsCa === undefined) return undefined;
  if (mtlsCert === undefined || mtlsKey === undefined || mtlsCa === undefined) {
    throw new MusterError(
      'usage',
      '--mtls-cert, --mtls-key and --mtls-ca belong together: give all three or none',
    );
  }
  return {
    certificate: plainText('--mtls-cert', mtlsCert),
    privateKey: plainText('--mtls-key', mtlsKey),
    ca: plainText('--mtls-ca', mtlsCa),
  };
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new MusterError('usage', `${option} ${JSON.stringify(text)}: write a whole number from 1`);
}
