import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { parseConfig } from '../../src/config/load.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';
import { FULL } from './full.ts';

const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(configJsonSchema(VOCABULARY));

function parsed(text: string) {
  return parseConfig([{ path: 'a.yaml', text }], VOCABULARY);
}

/** Every place in a tree of data, the root's own excepted. */
function placesIn(data: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, value]) => [[...at, key], ...placesIn(value, [...at, key])]);
}

const PLACES = placesIn(parse(FULL));

const junk = fc.oneof(
  fc.constantFrom(null, true, -1, 0, 0.5, 1e9, '', ' ', '*', '5s', 'web', 'shop', [], {}, [[]], { a: {} }),
  fc.constantFrom(
    '(?=a)',
    '(a+)+$',
    '\\1',
    'ü',
    '*.*',
    '1.2.3.4:0',
    '[::1]',
    '/a//b',
    '\u2028',
    '\u0024{x}',
    '&a *a',
  ),
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A valid config with some of its parts replaced, removed, misspelt or added. */
function mutated(maxLength: number) {
  return fc
    .array(fc.tuple(fc.constantFrom(...PLACES), fc.constantFrom('set', 'drop', 'rename', 'add'), junk), {
      minLength: 1,
      maxLength,
    })
    .map((changes) => {
      const data: unknown = parse(FULL);
      for (const [at, how, value] of changes) mutate(data, at, how, value);
      return data;
    });
}

function mutate(data: unknown, at: readonly string[], how: string, value: unknown): void {
  const parent: unknown = at.slice(0, -1).reduce<unknown>((node, key) => childOf(node, key), data);
  if (typeof parent !== 'object' || parent === null) return;
  const key = at.at(-1) ?? '';
  const before = childOf(parent, key);
  if (how === 'drop' || how === 'rename') Reflect.deleteProperty(parent, key);
  const name = how === 'rename' ? `${key}x` : how === 'add' ? 'extra' : key;
  if (how !== 'drop') Reflect.set(parent, name, how === 'rename' ? before : value);
}

function childOf(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined;
}

test('the full config is valid, for the parser and for its JSON Schema', () => {
  expect(parsed(FULL).problems).toEqual([]);
  expect([accepts(parse(FULL)), accepts.errors]).toEqual([true, null]);
});

test('BAD6, BAD7: no mutation throws; there is a config or there are problems, each with its place', () => {
  fc.assert(
    fc.property(mutated(4), (data) => {
      const { config, problems, warnings } = parsed(stringify(data));
      expect(config === undefined).toBe(problems.length > 0);
      for (const problem of [...problems, ...warnings]) {
        expect(problem).toMatchObject({
          file: 'a.yaml',
          line: expect.any(Number),
          column: expect.any(Number),
        });
        expect(problem.message).not.toMatch(/undefined|\[object|Invalid input/);
      }
    }),
    { numRuns: 100 },
  );
});

test('no edit of single characters throws', () => {
  const edit = fc.tuple(
    fc.nat(FULL.length),
    fc.nat(3),
    fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('{', '[', ':', '\n', '\t', '*a', '&a ', '---\n', '!!x '),
    ),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (all, [at, gone, put]) => all.slice(0, at) + put + all.slice(at + gone),
        FULL,
      );
      const { config, problems } = parsed(text);
      expect(config === undefined).toBe(problems.length > 0);
    }),
    { numRuns: 100 },
  );
});

test('what the parser takes, the JSON Schema takes', () => {
  let taken = 0;
  fc.assert(
    fc.property(mutated(1), (data) => {
      if (parsed(stringify(data)).config === undefined) return;
      taken += 1;
      expect([accepts(parse(stringify(data))), accepts.errors]).toEqual([true, null]);
    }),
    { numRuns: 150 },
  );
  expect(taken).toBeGreaterThan(5);
});

test.each(PLACES.filter((at) => Number.isNaN(Number(at.at(-1)))).map((at) => [at.join('.'), at] as const))(
  'a misspelt key is refused by both: %s',
  (_, at) => {
    // Keys that the user chooses are right in any spelling.
    const own = at.length === 2 || ['where', 'metadata', 'labels'].includes(at.at(-2) ?? '');
    // Likewise, but only keys of the service's metadata are known there.
    const chosen = at.at(-2) === 'subset' || at.at(-3) === 'fallback';
    const data: unknown = parse(FULL);
    mutate(data, at, 'rename', undefined);
    if (own || chosen) expect(accepts(data)).toBe(true);
    if (chosen) expect(parsed(stringify(data)).config).toBeUndefined();
    if (own || chosen) return;
    expect([accepts(data), parsed(stringify(data)).config]).toEqual([false, undefined]);
  },
);
