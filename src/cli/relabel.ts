import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorText, MusterError } from '../errors.ts';
import { type CliCommand, type CliIo, examples } from './io.ts';
import { type LiveOptions, tell, withApi } from './live.ts';
import { clean, type Format, outputOption, toDocument } from './output.ts';
import { counted, wholeNumber } from './words.ts';

const labels = z.record(z.string(), z.string());
const change = z.object({ label: z.string(), before: z.string().optional(), after: z.string().optional() });

const preview = z.object({
  source: z.string(),
  looked: z.number(),
  left: z.number(),
  changed: z.number(),
  dropped: z.number(),
  instances: z.array(
    z.object({
      scope: z.string(),
      id: z.string(),
      before: labels,
      after: labels.optional(),
      steps: z.array(
        z.object({
          rule: z.number(),
          action: z.string(),
          changes: z.array(change),
          dropped: z.string().optional(),
        }),
      ),
      dropped: z.string().optional(),
    }),
  ),
});

type Preview = z.output<typeof preview>;
type Shown = Preview['instances'][number];
type Change = z.output<typeof change>;

interface Options extends LiveOptions {
  readonly config: string;
  readonly source: string;
  readonly sample?: string;
  readonly live?: true;
  readonly limit: string;
  readonly output: Format;
}

export const relabelCommand: CliCommand = (program, io) => {
  withApi(program.command('relabel'), io)
    .description('dry run of the relabelling rules of a source: labels before, after each rule, why dropped')
    .requiredOption('--config <path>', 'the config with the rules: a file, or a directory of them')
    .requiredOption('--source <name>', 'name in `sources`')
    .option('--sample <path>', 'instances to try them on, as a file source reads them; - is standard input')
    .option('--live', 'try them on what a running muster sees now')
    .option('--limit <count>', 'most instances that are shown', '20')
    .addOption(outputOption())
    .addHelpText('after', helpText())
    .action(async (options: Options) => {
      if (options.live === true && options.sample !== undefined)
        throw new MusterError('usage', '--live and --sample: give one of them');
      const { whole, read } = await (options.live === true ? live(options, io) : offline(options, io));
      io.out(options.output === 'table' ? previewText(read) : toDocument(whole, options.output));
    });
};

function helpText(): string {
  const lines = examples(
    'muster relabel --config examples/quickstart --source legacy --sample sample.json',
    'muster instances --source legacy -o json | muster relabel --config new.yaml --source legacy --sample -',
    'muster relabel --config new.yaml --source legacy --live',
  );
  return `\nWithout --sample and --live the source itself is asked, as muster render does.\n${lines}`;
}

async function offline({ config, source, sample: path, limit }: Options, io: CliIo) {
  const { relabelSample } = await import('../offline.ts');
  const sample = path === undefined ? undefined : await readSample(path, io);
  const request = { source, sample, limit: wholeNumber('--limit', limit), signal: io.signal };
  const { problems, ...whole } = await relabelSample(config, request);
  for (const problem of problems) io.err(`warning: ${clean(problem)}\n`);
  return { whole, read: preview.parse(whole) };
}

async function readSample(path: string, io: CliIo) {
  if (path === '-') return { text: await io.stdin(), file: 'standard input' };
  try {
    return { text: await readFile(path, 'utf8'), file: path };
  } catch (cause) {
    throw new MusterError('usage', `--sample cannot be read: ${errorText(cause)}`, { cause });
  }
}

async function live({ config, source, limit, ...options }: Options, { signal }: CliIo) {
  const { relabelRulesOf } = await import('../offline.ts');
  const rules = await relabelRulesOf(config, source);
  const body = { source, rules, limit: wholeNumber('--limit', limit) };
  return tell(options, '/v1/relabel', { body, schema: preview, signal });
}

function previewText({ looked, left, changed, dropped, instances }: Preview): string {
  const more = left === 0 ? '' : `, ${counted(left, 'instance')} not looked at: the time was up`;
  const head = `${counted(looked, 'instance')}: ${changed} changed, ${dropped} dropped${more}\n`;
  return `${head}${instances.map(instanceText).join('')}`;
}

function instanceText({ scope, id, before, after, steps, dropped }: Shown): string {
  const lines = [
    '',
    clean(scope === '' ? id : `${id} (${scope})`),
    ...labelLines('before', before),
    ...steps.flatMap(stepLines),
    ...(after === undefined
      ? [`  dropped: ${clean(dropped ?? 'no reason is known')}`]
      : labelLines('after', after)),
  ];
  return `${lines.join('\n')}\n`;
}

function labelLines(title: string, all: Readonly<Record<string, string>>): readonly string[] {
  const lines = Object.entries(all).map(([name, value]) => `    ${clean(name)} = ${clean(value)}`);
  return [`  ${title}${lines.length === 0 ? ': no labels' : ''}`, ...lines];
}

function stepLines({ rule, action, changes, dropped }: Shown['steps'][number]): readonly string[] {
  const title = `  rule ${rule}: ${clean(action)}${dropped === undefined ? '' : ' drops it'}`;
  return [title, ...changes.map((one) => `    ${changeText(one)}`)];
}

function changeText({ label, before, after }: Change): string {
  if (before === undefined) return `+ ${clean(label)} = ${clean(after ?? '')}`;
  if (after === undefined) return `- ${clean(label)}`;
  return `~ ${clean(label)} = ${clean(after)} (was ${clean(before)})`;
}
