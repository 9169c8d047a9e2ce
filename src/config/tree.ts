import { LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { Problem } from '../errors.ts';
import { toData } from './data.ts';

/** Larger files are refused: parsing is on the event loop, and 10,000 resources need about 3 MB. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

/** Lines cost more than bytes: seven million empty ones would hold the event loop for seconds. */
const MAX_LINES = 400_000;

/** More are not looked for: nobody reads them, and each costs the finding of its place. */
export const MAX_PROBLEMS = 500;

/** One parsed file: the data, and the means to say where a part of it stands. */
export interface Tree {
  readonly path: string;
  /** Null-prototype objects, arrays, strings, numbers, booleans, null. */
  readonly data: unknown;
  readonly root: Node | null;
  readonly lines: LineCounter;
  /** Lines of the file before what `lines` counts, where the tree is of a part of it. */
  readonly linesBefore?: number;
}

export interface TreeResult {
  readonly tree?: Tree;
  readonly problems: readonly Problem[];
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function placeAt(tree: Tree, offset: number): Place {
  const { line, col } = tree.lines.linePos(offset);
  return { file: tree.path, line: Math.max(line, 1) + (tree.linesBefore ?? 0), column: Math.max(col, 1) };
}

/** Text to tree. Every syntax error and every refused construct is a problem; then there is no tree. */
export function parseTree(path: string, text: string): TreeResult {
  const refused = refuseText(text);
  if (refused !== undefined)
    return { problems: [{ message: refused, path: '', file: path, line: 1, column: 1 }] };
  const lines = new LineCounter();
  let root: ParsedNode | null;
  const problems: Problem[] = [];
  const add = (offset: number, message: string, hint?: string) => {
    if (problems.length >= MAX_PROBLEMS) return;
    const { line, col } = lines.linePos(offset);
    problems.push({ message, path: '', file: path, line: Math.max(line, 1), column: Math.max(col, 1), hint });
  };
  try {
    // Duplicate keys are found in toData: the library's own check is quadratic.
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      strict: true,
      logLevel: 'error',
    });
    // The library catches some overflows itself, one or several by how much stack is left.
    if (document.errors.some(({ message }) => message.includes('call stack'))) return tooDeep(path);
    for (const error of document.errors) add(error.pos[0], syntaxMessage(error.code, error.message));
    // Tags are refused in toData, in our words.
    for (const warning of document.warnings)
      if (warning.code !== 'TAG_RESOLVE_FAILED') add(warning.pos[0], warning.message);
    root = document.contents;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return tooDeep(path);
  }
  if (problems.length > 0) return { problems };
  const data = toData(root, add);
  if (problems.length > 0) return { problems };
  return { tree: { path, data, root, lines }, problems };
}

function tooDeep(file: string): TreeResult {
  return { problems: [{ message: 'nested too deeply to be read', path: '', file, line: 1, column: 1 }] };
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Why a text is not even looked at as YAML. */
export function refuseText(text: string): string | undefined {
  if (text.length > MAX_FILE_BYTES) return tooLarge(text.length);
  const lines = countLines(text);
  if (lines > MAX_LINES) return `has ${lines} lines; a config file may have at most ${MAX_LINES}`;
  const brackets = deepestFlow(text);
  if (brackets > 500)
    return `nested more than 500 brackets deep (${brackets}); muster's config needs fewer than 20`;
  if (/(?:[&!]\S{0,80}[ \t]+){100}/.test(text)) return 'has 100 anchors or tags on one value';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(text);
  if (control === null) return undefined;
  const code = (control[0].codePointAt(0) ?? 0).toString(16).padStart(2, '0');
  return `holds the control character 0x${code}: this is not a text file`;
}

export function tooLarge(bytes: number): string {
  const size = (bytes / 1024 / 1024).toFixed(1);
  return `is ${size} MB; a config file may have at most ${MAX_FILE_BYTES / 1024 / 1024} MB (split it into several files of one directory)`;
}

/** Upper bound of the flow nesting, counted without parsing: the YAML parser recurses once a level. */
function deepestFlow(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((c === 0x5d || c === 0x7d) && depth > 0) depth--;
  }
  return deepest;
}

function syntaxMessage(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'holds several YAML documents (`---`): write one per file';
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation: YAML wants spaces';
  return `is not valid YAML: ${message.split('\n')[0] ?? message}`;
}
