import type { RelabelView } from '../api/relabel-view.ts';
import { nameHint, quote } from '../config/nearest.ts';
import { relabelPrefixes } from '../discovery/relabel-preview.ts';
import { MusterError } from '../errors.ts';
import type { Config, RelabelRule, SourceConfig } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';
import { relabelTally } from './relabel-tally.ts';

/** The source whose rules are tried. Throws with the nearest right name. */
export function sourceNamed({ sources }: Config, name: string): SourceConfig {
  const found = sources.get(name);
  if (found !== undefined) return found;
  const hint = nameHint(name, [...sources.keys()]);
  const words = sources.size === 0 ? 'the config has no sources' : hint;
  const tail = words === undefined ? '' : `; ${words}`;
  throw new MusterError('usage', `no source ${quote(name)}${tail}`);
}

/** What the rules of a source do to instances. */
export function tryRules(
  { name, relabel }: SourceConfig,
  instances: Iterable<Instance>,
  limit: number,
): RelabelView {
  const tally = relabelTally([...relabelPrefixes(relabel)], limit);
  for (const instance of instances) tally.add('', instance);
  return tally.view(name, 0);
}

/** A rule as it is written in a config, with every default filled in. */
export function writtenRule(rule: RelabelRule): object {
  const { action, sourceLabels, separator, regex, targetLabel, replacement, modulus } = rule;
  return {
    action,
    source_labels: sourceLabels,
    separator,
    regex,
    replacement,
    ...(targetLabel === '' ? {} : { target_label: targetLabel }),
    ...(action === 'hashmod' ? { modulus } : {}),
  };
}
