import type { Problem } from '../errors.ts';
import type { Config } from '../model/config.ts';
import { COLLECTIONS, type Entries, mergeTrees } from './entries.ts';
import { type ConfigFile, readConfigFiles } from './files.ts';
import { contentHash } from './hash.ts';
import { ParseCache } from './parse-cache.ts';
import { checkReferences } from './references.ts';
import { buildResources } from './resources.ts';
import { MAX_PROBLEMS, type Tree } from './tree.ts';
import type { Vocabulary } from './vocabulary.ts';
import { findWarnings } from './warnings.ts';
import { checkWhole } from './whole.ts';

export type { ConfigFile };

/** `config` exactly when there are no problems. Warnings are only looked for in a good config. */
export interface ParseResult {
  readonly config?: Config;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Pure: texts to config, or every problem at once. `previous` is the running config, if there is one.
 * `cache` changes nothing but the time it takes.
 */
export function parseConfig(
  files: readonly ConfigFile[],
  vocabulary: Vocabulary,
  previous?: Config,
  cache = new ParseCache(),
): ParseResult {
  const trees: Tree[] = [];
  const problems: Problem[] = [];
  let unread = 0;
  for (const { path, text } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const parsed = cache.trees(path, text);
    for (const problem of parsed.problems) problems.push(problem);
    for (const tree of parsed.trees) trees.push(tree);
    if (parsed.trees.length === 0) unread += 1;
  }
  cache.endRound();
  const merged = mergeTrees(trees);
  for (const problem of merged.problems) problems.push(problem);
  // A file that could not be read would make every name in it look unknown.
  if (unread > 0) return { problems: sorted(problems), warnings: [] };
  // An editor that died, a redirection that failed: taken at its word it would take everything away.
  if (problems.length === 0 && [...merged.entries.values()].every((named) => named.size === 0)) {
    return { problems: [nothingIn(files)], warnings: [] };
  }
  return fromEntries(merged.entries, problems, vocabulary, previous);
}

function nothingIn(files: readonly ConfigFile[]): Problem {
  const [first] = files;
  const file = first === undefined ? {} : { file: first.path };
  return { ...file, path: '', message: 'there is nothing in it', hint: 'write at least one group' };
}

function fromEntries(
  entries: Entries,
  before: readonly Problem[],
  vocabulary: Vocabulary,
  previous?: Config,
): ParseResult {
  const { resources, problems: faults } = buildResources(entries, vocabulary);
  const references = checkReferences(entries);
  const whole = checkWhole(resources, entries, previous);
  const problems = [...before, ...faults, ...references.problems, ...whole];
  if (problems.length > 0) return { problems: sorted(problems), warnings: [] };
  const parts = COLLECTIONS.map((one) => (one === 'serviceTemplates' ? undefined : resources[one]));
  const config = { ...resources, hash: contentHash(parts) };
  return { config, problems, warnings: sorted(findWarnings(config, entries, references.used)) };
}

const TOO_MANY: Problem = { path: '', message: `there are more: the first ${MAX_PROBLEMS} are shown` };

function sorted(problems: readonly Problem[]): readonly Problem[] {
  const all = [...problems].sort(
    (a, b) =>
      compare(a.file ?? '', b.file ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
  return all.length <= MAX_PROBLEMS ? all : [...all.slice(0, MAX_PROBLEMS), TOO_MANY];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Reads a file or a directory and parses it. */
export async function loadConfig(
  path: string,
  vocabulary: Vocabulary,
  previous?: Config,
): Promise<ParseResult> {
  const { files, problems } = await readConfigFiles(path);
  if (problems.length > 0) return { problems, warnings: [] };
  return parseConfig(files, vocabulary, previous);
}
