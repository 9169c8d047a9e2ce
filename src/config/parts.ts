import { COLLECTIONS } from './entries.ts';

/** A piece of a file that is a config of its own. */
export interface Part {
  readonly text: string;
  /** To be added to a line in `text` for the line in the file. */
  readonly linesBefore: number;
}

const TOP_LEVEL = /^([A-Za-z]+):( |$)/;
const BARE = /^[A-Za-z]+: *(#.*)?$/;
const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]*):( |$)/;
/** Tabs and carriage returns never stand in an indentation here, and an anchor reaches beyond its part. */
const NOT_PLAIN = /[\t\r]|(^|[\s,[{:?-])&\S/m;

/**
 * Cuts a file where a line begins a top-level map or one of its entries. Undefined for everything
 * unusual (anchors, documents, quoted or repeated keys): that is read as a whole. A cut in the middle
 * of a value is no danger, since one of its halves is then no YAML. Where to cut depends on the names
 * alone, so that an edit changes one part and leaves the others equal.
 */
export function splitText(text: string): readonly Part[] | undefined {
  if (NOT_PLAIN.test(text)) return undefined;
  const lines = text.split('\n');
  const starts = topLevelLines(lines);
  if (starts === undefined) return undefined;
  const parts: Part[] = [];
  for (const [index, start] of starts.entries()) {
    const cuts = entryCuts(lines, start, starts[index + 1] ?? lines.length);
    if (cuts === undefined) return undefined;
    parts.push(...cuts);
  }
  return parts;
}

/** Every line that is not indented must begin one of the known maps, each once. */
function topLevelLines(lines: readonly string[]): readonly number[] | undefined {
  const known: ReadonlySet<string> = new Set(COLLECTIONS);
  const seen = new Set<string>();
  const starts: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith(' ')) {
      if (starts.length === 0 && !isEmpty(line)) return undefined;
      continue;
    }
    const key = TOP_LEVEL.exec(line)?.[1];
    if (key === undefined || !known.has(key) || seen.has(key)) return undefined;
    seen.add(key);
    starts.push(index);
  }
  return starts;
}

/** The parts of one top-level map, from its line `start` to the line `end`. */
function entryCuts(lines: readonly string[], start: number, end: number): readonly Part[] | undefined {
  const header = lines[start] ?? '';
  const first = lines.findIndex((line, index) => index > start && index < end && !isEmpty(line));
  if (first === -1 || !BARE.test(header))
    return [{ text: lines.slice(start, end).join('\n'), linesBefore: start }];
  const indent = indentOf(lines[first] ?? '');
  const names = new Set<string>();
  const cuts: number[] = [];
  for (let index = first; index < end; index += 1) {
    const line = lines[index] ?? '';
    const deep = indentOf(line);
    if (deep > indent || isEmpty(line)) continue;
    const name = deep < indent ? undefined : ENTRY.exec(line.slice(indent))?.[1];
    if (name === undefined || names.has(name)) return undefined;
    if (names.size === 0 || isCut(name)) cuts.push(index);
    names.add(name);
  }
  const title = `${header.slice(0, header.indexOf(':'))}:\n`;
  return cuts.map((from, index) => ({
    text: title + lines.slice(from, cuts[index + 1] ?? end).join('\n'),
    linesBefore: from - 1,
  }));
}

/** About one name in sixteen: a part for each entry would cost more than it saves. */
function isCut(name: string): boolean {
  let sum = 0;
  for (let index = 0; index < name.length; index += 1) sum = (sum * 31 + name.charCodeAt(index)) | 0;
  return ((sum ^ (sum >>> 9)) & 15) === 0;
}

function indentOf(line: string): number {
  let index = 0;
  while (line.charCodeAt(index) === 32) index += 1;
  return index;
}

function isEmpty(line: string): boolean {
  const at = indentOf(line);
  return at === line.length || line[at] === '#';
}
