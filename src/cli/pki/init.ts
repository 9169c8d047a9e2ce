import { type CliCommand, examples } from '../io.ts';

interface Options {
  readonly trustDomain: string;
  readonly dir: string;
  readonly days: string;
}

export const initCommand: CliCommand = (pki, io) => {
  pki
    .command('init')
    .description('make a CA: ca.pem for muster and every node, ca.key for nobody')
    .requiredOption('--trust-domain <name>', 'SPIFFE trust domain of the fleet')
    .option('--dir <dir>', 'where the CA lives', 'pki')
    .option('--days <count>', 'how long it is valid', '3650')
    .addHelpText('after', examples('muster pki init --trust-domain example.org --dir pki'))
    .action(async (options: Options) => {
      const { createAuthority, days, trustDomain } = await import('../../pki/index.ts');
      const domain = trustDomain('--trust-domain', options.trustDomain);
      const life = days('--days', options.days);
      const files = await createAuthority({
        dir: options.dir,
        trustDomain: domain,
        days: life,
        now: Date.now(),
      });
      io.out(`CA of spiffe://${domain}
  ${files.certificate}  for muster and for every node
  ${files.privateKey}  signs certificates: keep it off the servers, and keep a copy of it

next: a certificate for the node port, with the name and address that nodes connect to
  muster pki issue --dir ${options.dir} --server muster.internal --ip 10.0.0.1
`);
    });
};
