import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../setup.mjs';
import { configKeys } from './config-keys.ts';
import { metricTable } from './metric-table.ts';
import { filterTable, sourceTable, storeTable } from './tables.ts';

export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The schema that editors complete the examples with; `muster schema` prints the same. */
const SCHEMA = 'docs/config.schema.json';

/** Everything in the repository that is written by `npm run docs`, as it should be now. */
export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const pages = globSync(['*.md', 'docs/**/*.md', 'src/**/README.md'], { cwd: root }).toSorted();
  const filled = await Promise.all(
    pages.map(async (path) => ({
      path,
      text: await fillSections(readFileSync(join(root, path), 'utf8'), path),
    })),
  );
  return [{ path: SCHEMA, text: await muster('schema') }, ...filled];
}

const SECTION = /(<!-- generated: (.+?) -->\n)[\s\S]*?(<!-- \/generated -->)/g;

/** Replaces what stands between `<!-- generated: NAME -->` and `<!-- /generated -->`. */
export async function fillSections(page: string, path: string): Promise<string> {
  let filled = page;
  for (const [whole, start, name, end] of page.matchAll(SECTION)) {
    const text = await section(name ?? '', path);
    filled = filled.replace(whole, () => `${start}\n${text.trim()}\n\n${end}`);
  }
  return filled;
}

async function section(name: string, path: string): Promise<string> {
  if (name === 'sources') return sourceTable();
  if (name === 'secret stores') return storeTable();
  if (name === 'filters') return filterTable();
  if (name === 'metrics') return metricTable();
  if (name === 'config') return configKeys(JSON.parse(await muster('schema')));
  const [word, ...command] = name.split(' ');
  if (word === 'help') return `\`\`\`text\n${(await muster(...command, '--help')).trim()}\n\`\`\``;
  throw new Error(
    `${path}: nothing generates "${name}"; there are sources, secret stores, filters, metrics, config, help [COMMAND]`,
  );
}

async function muster(...args: readonly string[]): Promise<string> {
  // A terminal's width must not show in the text.
  const env = { ...process.env, COLUMNS: '100', NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src', 'main.ts'), ...args], {
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
