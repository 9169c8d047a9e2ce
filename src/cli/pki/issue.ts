import path from 'node:path';
import { MusterError } from '../../errors.ts';
import type { Issued, Subject } from '../../pki/index.ts';
import { type CliCommand, examples } from '../io.ts';

interface Options {
  readonly group?: string;
  readonly node?: string;
  readonly operator?: string;
  readonly server?: readonly string[];
  readonly ip?: readonly string[];
  readonly dir: string;
  readonly days: string;
  readonly out?: string;
}

export const issueCommand: CliCommand = (pki, io) => {
  pki
    .command('issue')
    .description('sign a certificate with the CA: for a node, for the node port, or for an operator')
    .option('--group <name>', 'group of the node')
    .option('--node <id>', 'id of the node, as its Envoy gives it')
    .option('--server <name...>', 'DNS names of the node port')
    .option('--ip <address...>', 'addresses of the node port')
    .option('--operator <name>', 'a person or a program that may read the client status')
    .option('--dir <dir>', 'where the CA lives', 'pki')
    .option('--days <count>', 'how long it is valid', '90')
    .option('--out <dir>', 'where the files go (default: a folder of their own below --dir)')
    .addHelpText(
      'after',
      examples(
        'muster pki issue --group edge --node n1',
        'muster pki issue --server muster.internal --ip 10.0.0.1',
        'muster pki issue --operator alice --days 30',
      ),
    )
    .action(async (options: Options) => {
      const { days, folderOf, issue, openAuthority } = await import('../../pki/index.ts');
      const subject = await subjectOf(options);
      const [life, now] = [days('--days', options.days), Date.now()];
      const authority = await openAuthority(options.dir, now);
      const out = options.out ?? path.join(options.dir, folderOf(subject));
      const issued = await issue(authority, { subject, days: life, now, out });
      io.out(`${shown(issued)}\n${nextStep(subject, issued, authority)}`);
    });
};

async function subjectOf({ group, node, operator, server, ip }: Options): Promise<Subject> {
  const { dnsName, ipAddress, segment } = await import('../../pki/index.ts');
  const kinds = [group ?? node, operator, server ?? ip].filter((one) => one !== undefined);
  if (kinds.length !== 1) {
    throw new MusterError(
      'usage',
      'give one of: --group with --node, --server with or without --ip, --operator',
    );
  }
  if (operator !== undefined) return { kind: 'operator', name: segment('--operator', operator) };
  if (group !== undefined && node !== undefined) {
    return { kind: 'node', group: segment('--group', group), node: segment('--node', node) };
  }
  if (group !== undefined || node !== undefined) {
    throw new MusterError('usage', '--group and --node belong together: give both');
  }
  return {
    kind: 'server',
    names: (server ?? []).map((name) => dnsName('--server', name)),
    ips: (ip ?? []).map((address) => ipAddress('--ip', address)),
  };
}

function shown({ identity, certificate, privateKey, notAfter, isCut }: Issued): string {
  const until = `${notAfter.toISOString()}${isCut ? ', when the CA itself ends' : ''}`;
  return `${identity}\n  ${certificate}  until ${until}\n  ${privateKey}  for its owner alone\n`;
}

function nextStep(subject: Subject, files: Issued, { file, trustDomain }: CaFacts): string {
  const [certificate, key, ca] = [files.certificate, files.privateKey, file].map((one) => path.resolve(one));
  switch (subject.kind) {
    case 'server':
      return `in muster.yaml:
  trustDomain: ${trustDomain}
  nodeTls: { certificate: ${certificate}, privateKey: ${key}, ca: ${ca} }
`;
    case 'node':
      return `copy the two files and ${file} to the node, then, with the paths that they have there:
  muster bootstrap --group ${subject.group} --node-id ${subject.node} --xds HOST:PORT \\
    --mtls-cert ${certificate} --mtls-key ${key} --mtls-ca ${ca}
`;
    case 'operator':
      return `in muster.yaml:
  operators: ["${files.identity}"]
`;
  }
}

interface CaFacts {
  readonly file: string;
  readonly trustDomain: string;
}
