import { errorText } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';
import type { SealedFiles } from './files.ts';
import { fromSealed, goneAt, isOf, type Kept } from './record.ts';
import { headFault, open } from './seal.ts';
import { fileNameOf, type SealKeys } from './seal-keys.ts';

export interface LoadedFiles {
  readonly kept: readonly Kept[];
  /** Files under another key. */
  readonly foreign: readonly string[];
  readonly problems: readonly string[];
}

/** What becomes of one file. */
type Verdict =
  | { readonly kept: Kept }
  /** `remove`: its time is over or nobody wants it; else it stays until it is written anew. */
  | { readonly remove: boolean; readonly foreign?: boolean; readonly problem?: string };

/** Reads every sealed file, takes what the config wants, and removes what has had its time. */
export async function loadSealed(
  files: SealedFiles,
  keys: SealKeys,
  wanted: Iterable<SecretConfig>,
  now: number,
): Promise<LoadedFiles> {
  const byFile = new Map(Array.from(wanted, (config) => [fileNameOf(keys, config.name), config]));
  const kept: Kept[] = [];
  const foreign: string[] = [];
  const problems: string[] = [];
  for (const file of await files.list()) {
    const verdict = await judge(files, keys, { file, config: byFile.get(file), now });
    if ('kept' in verdict) kept.push(verdict.kept);
    else {
      if (verdict.foreign === true) foreign.push(file);
      if (verdict.problem !== undefined) problems.push(verdict.problem);
      if (verdict.remove) await files.remove(file).catch((error) => problems.push(stays(files, error)));
    }
  }
  return { kept, foreign, problems: [...problems, ...foreignProblem(files, foreign)] };
}

interface Found {
  readonly file: string;
  /** Absent: no secret of the config has this file. */
  readonly config: SecretConfig | undefined;
  readonly now: number;
}

async function judge(files: SealedFiles, keys: SealKeys, { file, config, now }: Found): Promise<Verdict> {
  const bytes = await files.read(file).catch(errorText);
  if (typeof bytes === 'string') return ignored(files, { file, config }, bytes);
  const fault = headFault(keys, bytes);
  if (fault?.fault === 'another key') return { remove: false, foreign: true };
  if (config === undefined) return { remove: true };
  return judgeWanted(files, keys, { file, config, now, bytes });
}

function judgeWanted(
  files: SealedFiles,
  keys: SealKeys,
  { file, config, now, bytes }: Found & { readonly config: SecretConfig; readonly bytes: Buffer },
): Verdict {
  const opened = open(keys, bytes);
  if ('fault' in opened) return ignored(files, { file, config }, opened.text);
  const { facts } = opened;
  if (facts.name !== config.name) return ignored(files, { file, config }, 'it holds another secret');
  if (!isOf(facts, config)) return { remove: true };
  if (goneAt(facts) <= now) return { remove: true, problem: ended(config, facts.end, facts.at) };
  const kept = fromSealed(opened, now);
  return 'problem' in kept ? ignored(files, { file, config }, kept.problem) : { kept };
}

function ignored(files: SealedFiles, { file, config }: Pick<Found, 'file' | 'config'>, why: string): Verdict {
  const whose = config === undefined ? 'a sealed file' : `the sealed file of secret "${config.name}"`;
  return { remove: false, problem: `${whose} is ignored: ${why} (${files.dir}/${file})` };
}

function ended({ name }: SecretConfig, end: number | undefined, at: number): string {
  const why =
    end === undefined
      ? `its store last confirmed it on ${new Date(at).toISOString()}`
      : `it ended on ${new Date(end).toISOString()}`;
  return `secret "${name}": what was kept sealed is removed: ${why}`;
}

function foreignProblem(files: SealedFiles, foreign: readonly string[]): readonly string[] {
  if (foreign.length === 0) return [];
  const count = foreign.length === 1 ? '1 secret is' : `${foreign.length} secrets are`;
  return [
    `${count} sealed with another key in ${files.dir} and not used; if the seal key was changed on purpose, nothing is to be done: they are removed when the stores have given every secret again`,
  ];
}

function stays(files: SealedFiles, error: unknown): string {
  return `a sealed file in ${files.dir} cannot be removed: ${errorText(error)}`;
}
