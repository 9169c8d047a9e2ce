import { readConfigFiles } from '../config/files.ts';
import { type ConfigFile, parseConfig } from '../config/load.ts';
import { ParseCache } from '../config/parse-cache.ts';
import type { Vocabulary } from '../config/vocabulary.ts';
import { MusterError, type Problem } from '../errors.ts';
import type { ConfigRecord } from '../fleet/state/state.ts';
import type { Config } from '../model/config.ts';

export interface StartConfig {
  readonly config: Config;
  readonly files: readonly ConfigFile[];
  /** Why the files are not what runs; empty when they are. */
  readonly problems: readonly Problem[];
  /** The config comes from the state directory. */
  readonly restored: boolean;
  /** The parsed files, for whoever watches them from here on. */
  readonly cache: ParseCache;
}

/**
 * What a replica starts with: the files, or the last config that passed when they have a mistake.
 * Throws `config_invalid` with every problem where there is neither.
 */
export async function readStartConfig(
  path: string,
  vocabulary: Vocabulary,
  stored: ConfigRecord | undefined,
): Promise<StartConfig> {
  const { files, problems: unread } = await readConfigFiles(path);
  const cache = new ParseCache();
  const parsed = unread.length > 0 ? { problems: unread } : parseConfig(files, vocabulary, undefined, cache);
  if ('config' in parsed && parsed.config !== undefined) {
    return { config: parsed.config, files, problems: [], restored: false, cache };
  }
  const last = stored === undefined ? undefined : parseConfig(stored.files, vocabulary).config;
  if (stored !== undefined && last !== undefined) {
    return { config: last, files: stored.files, problems: parsed.problems, restored: true, cache };
  }
  const count = parsed.problems.length === 1 ? '1 problem' : `${parsed.problems.length} problems`;
  throw new MusterError('config_invalid', `${path} is not valid: ${count}; nothing is served`, {
    problems: parsed.problems,
  });
}
