import { type Document, isAlias, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { MusterError, type Problem } from '../../errors.ts';
import type { Instance } from '../../model/instance.ts';
import type { Hostnames } from '../address.ts';
import { parsePlainJson } from '../json.ts';
import { instancesFromTargets } from '../targets.ts';
import { FILE_PREFIX, instancesFromEntries } from './instances.ts';
import { FILE_SHAPES } from './schema.ts';

/** A file that is a bomb stays small until its aliases are followed. */
const MAX_ALIASES = 100;
/** A screenful: nobody mends more at once. */
const MAX_PROBLEMS = 20;

/**
 * The instances of one file, YAML or JSON, in muster's own shape or that of Prometheus' file_sd.
 * Throws a MusterError with every problem and its place.
 */
export function parseInstances(
  text: string,
  file: string,
  hostnames: Hostnames = 'refuse',
): readonly Instance[] {
  const json = parsePlainJson(text);
  const found = json === undefined ? undefined : shapeOf(json.value, file, hostnames);
  return found !== undefined && 'instances' in found ? found.instances : parseYaml(text, file, hostnames);
}

/** Slow, and knows where everything stands. JSON is YAML too. */
function parseYaml(text: string, file: string, hostnames: Hostnames): readonly Instance[] {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    stringKeys: true,
  });
  const place = (offset: number | undefined) => placeOf(file, lines, offset);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw unreadable(
      file,
      faults.map((fault) => ({ message: firstLine(fault.message), path: '', ...place(fault.pos[0]) })),
    );
  }
  const found = shapeOf(plainValue(document, file), file, hostnames);
  if ('instances' in found) return found.instances;
  throw unreadable(
    file,
    found.issues.map((issue) => ({
      message: issue.message,
      path: pathText(issue.path),
      ...place(offsetOf(document, issue.path)),
    })),
  );
}

type Shape = { readonly instances: readonly Instance[] } | { readonly issues: readonly z.core.$ZodIssue[] };

function shapeOf(value: unknown, file: string, hostnames: Hostnames): Shape {
  if (value === null || value === undefined) {
    throw unreadable(file, [
      { message: 'the file is empty: write [] to say that there are no instances', path: '', file },
    ]);
  }
  if (Array.isArray(value)) {
    const parsed = FILE_SHAPES[hostnames].targets.safeParse(value);
    return parsed.success
      ? { instances: instancesFromTargets(parsed.data, FILE_PREFIX) }
      : { issues: parsed.error.issues };
  }
  const parsed = FILE_SHAPES[hostnames].instances.safeParse(value);
  if (!parsed.success) return { issues: parsed.error.issues };
  return instancesFromEntries(parsed.data.instances);
}

function plainValue(document: Document, file: string): unknown {
  let aliases = 0;
  visit(document, (_, node) => {
    if (isAlias(node)) aliases += 1;
  });
  if (aliases > MAX_ALIASES) {
    throw unreadable(file, [
      { message: `${aliases} aliases; at most ${MAX_ALIASES} are followed`, path: '', file },
    ]);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw unreadable(file, [
      { message: error instanceof Error ? error.message : String(error), path: '', file },
    ]);
  }
}

function unreadable(file: string, problems: readonly Problem[]): MusterError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const first = shown[0];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const place = [file, first?.line, first?.column].filter((part) => part !== undefined).join(':');
  const path = first?.path === undefined || first.path === '' ? '' : `${first.path}: `;
  return new MusterError('source_failed', `${place}: ${path}${first?.message}${more}`, { problems: shown });
}

function placeOf(file: string, lines: LineCounter, offset: number | undefined) {
  if (offset === undefined) return { file };
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

/** Where the value at `path` begins, or the nearest thing above it that is written. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const [start]: unknown[] = node.range;
      if (typeof start === 'number') return start;
    }
  }
  return undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : `${text}${text === '' ? '' : '.'}${String(key)}`,
    '',
  );
}

function firstLine(text: string): string {
  return text.split(/ at line |\n/)[0] ?? text;
}
