import type { FromView } from '../api/explain-view.ts';
import type { Unmet } from './unmet.ts';

/** Reasons shown of one entry: relabelling may give very many. */
const REASONS = 20;
/** Ids shown of those that share one. */
const EXAMPLES = 3;

/** Why instances were not chosen, summed up. */
export class Reasons {
  readonly #some = new Map<string, { count: number; readonly examples: string[] }>();

  add({ reason, value }: Unmet, id: string): void {
    const known = this.#some.get(reason) ?? { count: 0, examples: [] };
    this.#some.set(reason, known);
    known.count += 1;
    if (known.examples.length < EXAMPLES) known.examples.push(value === undefined ? id : `${id}: ${value}`);
  }

  /** The most frequent first. */
  view(): Pick<FromView, 'notChosen' | 'reasonsLeft'> {
    const sorted = [...this.#some].toSorted(([, a], [, b]) => b.count - a.count);
    return {
      notChosen: sorted.slice(0, REASONS).map(([reason, some]) => ({ reason, ...some })),
      reasonsLeft: Math.max(0, sorted.length - REASONS),
    };
  }
}
