import { z } from 'zod';
import { MusterError } from '../errors.ts';
import { type CliCommand, examples } from './io.ts';
import { ask, type LiveOptions, tell, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument } from './output.ts';

const released = z.object({ source: z.string(), scope: z.string(), message: z.string() });

const names = z.object({ sources: z.array(z.object({ name: z.string() })) });

export const sourceCommand: CliCommand = (program, io) => {
  const source = program
    .command('source')
    .description('act on a source: accept a shrink that is held back')
    .addHelpText('after', examples('muster source release legacy/endpoints.yaml'));
  withApi(source.command('release'), io)
    .argument('<source/scope>', 'as muster status and muster sources name them')
    .description('what the source last said is the truth: what is held is no longer served')
    .option('--debug', 'show the stack of a failure')
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'muster source release legacy/endpoints.yaml',
        'muster source release aws/123456789012/eu-west-1',
      ),
    )
    .action(async (which: string, { output, ...live }: LiveOptions & { output: Format }) => {
      const { name, scope } = await split(which, live, io.signal);
      const path = `/v1/sources/${encodeURIComponent(name)}/release`;
      const options = { body: { scope }, schema: released, signal: io.signal };
      const { whole, read } = await tell(live, path, options);
      const text = `${read.source}/${read.scope}: ${read.message}`;
      io.out(output === 'table' ? `${clean(text)}\n` : toDocument(whole, output));
    });
};

/**
 * Scopes have slashes, and so has the name of a source that a service's own host names made
 * (`dns/checkout`): the running muster knows which of its sources is meant.
 */
async function split(which: string, live: LiveOptions, signal: AbortSignal) {
  const { read } = await ask(live, '/v1/sources?limit=0', names, signal);
  const known = read.sources.map(({ name }) => name).filter((name) => which.startsWith(`${name}/`));
  const [longest] = known.toSorted((a, b) => b.length - a.length);
  const at = longest?.length ?? which.indexOf('/');
  if (at > 0) return { name: which.slice(0, at), scope: which.slice(at + 1) };
  throw new MusterError(
    'usage',
    `${JSON.stringify(which)}: write SOURCE/SCOPE, as muster sources names them`,
  );
}
