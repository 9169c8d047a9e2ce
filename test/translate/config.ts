import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/errors.ts';
import type { Config } from '../../src/model/config.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

/** The user's YAML as muster itself reads it; throws with every problem. */
export function configFrom(text: string): Config {
  const { config, problems } = parseConfig([{ path: 'muster.yaml', text }], VOCABULARY);
  if (config === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}
