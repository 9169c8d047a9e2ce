import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { parseConfig } from '../../src/config/load.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

const SCHEMA = configJsonSchema(VOCABULARY);
const accepts = new Ajv2020({ strict: false, allErrors: true, formats: { hostname: true } }).compile(SCHEMA);

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(import.meta.dirname, 'golden');
const goldens = globSync('*.in.yaml', { cwd: FOLDER })
  .filter((name) => !name.startsWith('yaml-') && name !== 'duplicate-key.in.yaml')
  .filter((name) => parseConfig([{ path: name, text: read(name) }], VOCABULARY).problems[0]?.path !== '')
  .sort();

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Faults of shape, which an editor should show too: the others need more than one value. */
const STRUCTURAL =
  /^(unknown key|is missing: expected|is not supported yet|is a process setting|expected (a map|a list|text|true|one of|exactly one|at (least|most)|a name|a duration|a hostname|a port|a URI))/;

/** `httpRoutes.a.rules[0]["x.y"]` as the JSON pointers of that place and of the one around it. */
function pointers(path: string): readonly string[] {
  const steps = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)];
  const words = steps.map(
    ([, quoted, index, word]) => `/${(quoted ?? index ?? word ?? '').replaceAll('/', '~1')}`,
  );
  return [words.join(''), words.slice(0, -1).join('')];
}

describe('the JSON Schema and the parser agree', () => {
  test.each(goldens)('on what is structurally wrong in %s', (name) => {
    const { problems } = parseConfig([{ path: name, text: read(name) }], VOCABULARY);
    const structural = problems.filter(({ message }) => STRUCTURAL.test(message));
    const accepted = accepts(parse(read(name)));
    expect(accepted, 'the same files are refused').toBe(structural.length === 0);
    const seen = new Set((accepts.errors ?? []).map(({ instancePath }) => instancePath));
    expect(structural.filter((problem) => !pointers(problem.path).some((at) => seen.has(at)))).toEqual([]);
  });

  test('there are files of both kinds among them', () => {
    const accepted = goldens.filter((name) => accepts(parse(read(name))));
    expect(accepted.length).toBeGreaterThan(5);
    expect(goldens.length - accepted.length).toBeGreaterThan(10);
  });

  test.each(globSync('examples/*/*.yaml', { cwd: ROOT }))('on %s', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    expect(parseConfig([{ path, text }], VOCABULARY).problems).toEqual([]);
    expect([accepts(parse(text)), accepts.errors]).toEqual([true, null]);
  });
});

/** Every key with its schema, by path; those that the user names are `*`. */
function keysOf(schema: unknown, at = ''): (readonly [string, unknown])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([word, part]): (readonly [string, unknown])[] => {
    if (word === 'properties')
      return Object.entries(part as object).flatMap(([key, inner]) => [
        [`${at}.${key}`, inner] as const,
        ...keysOf(inner, `${at}.${key}`),
      ]);
    if (word === 'items') return keysOf(part, `${at}[]`);
    if (word === 'additionalProperties') return keysOf(part, `${at}.*`);
    return Array.isArray(part) ? part.flatMap((branch) => keysOf(branch, at)) : [];
  });
}

test('an editor has words for every key', () => {
  const keys = keysOf(SCHEMA);
  const bare = keys.filter(([, part]) => !(part as { description?: string }).description);
  expect(bare.map(([path]) => path)).toEqual([]);
  expect(keys.length).toBeGreaterThan(100);
});
