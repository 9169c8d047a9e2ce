import type { Problem } from '../errors.ts';
import { splitText } from './parts.ts';
import { parseTree, refuseText, type Tree, type TreeResult } from './tree.ts';

/**
 * Keeps what was parsed, from one look at the config to the next. A file is parsed in parts, and a
 * part whose text was there before is not parsed again: an edit costs what it touches.
 */
export class ParseCache {
  #before: ReadonlyMap<string, Tree> = new Map();
  #now = new Map<string, Tree>();
  readonly #split: typeof splitText;

  constructor(split = splitText) {
    this.#split = split;
  }

  /** The file as trees, each a config of its own. One with problems is read as a whole and has none. */
  trees(path: string, text: string): { trees: readonly Tree[]; problems: readonly Problem[] } {
    const parts = refuseText(text) === undefined ? (this.#split(text) ?? []) : [];
    const trees: Tree[] = [];
    for (const part of parts) {
      const { tree } = this.#parse(path, part.text);
      if (tree === undefined) break;
      trees.push({ ...tree, linesBefore: part.linesBefore });
    }
    if (trees.length > 0 && trees.length === parts.length) return { trees, problems: [] };
    const { tree, problems } = this.#parse(path, text);
    return { trees: tree === undefined ? [] : [tree], problems };
  }

  /** What was not asked for since the last call is forgotten. */
  endRound(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  #parse(path: string, text: string): TreeResult {
    const known = this.#now.get(text) ?? this.#before.get(text);
    const result = known === undefined ? parseTree(path, text) : { tree: { ...known, path }, problems: [] };
    if (result.tree !== undefined) this.#now.set(text, result.tree);
    return result;
  }
}
