import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { MAX_PROBLEMS } from '../../src/config/tree.ts';
import { VOCABULARY } from './vocabulary.ts';

/** Sizes at which anything that grows with the square, or recurses, does not end within the test's time. */
const MANY = 20_000;

function many(one: (index: number) => string, count = MANY): string {
  return Array.from({ length: count }, (_, index) => one(index)).join('');
}

function messagesOf(text: string): readonly string[] {
  const { config, problems } = parseConfig([{ path: 'a.yaml', text }], VOCABULARY);
  expect(config === undefined).toBe(problems.length > 0);
  return problems.map((problem) => problem.message);
}

test.each([
  ['top-level keys', many((i) => `s${i}: 1\n`), 'unknown key "s0"'],
  ['names', `services:\n${many((i) => `  s${i}: 1\n`)}`, 'expected a map, got 1'],
  ['equal names', `services:\n${many(() => '  s: 1\n')}`, 'the key "s" is written twice in one map'],
  ['unknown keys in one map', `services: { a: { ${many((i) => `k${i}: 1, `)} } }`, 'unknown key "k0"'],
  [
    'unknown references',
    `groups: { g: { listeners: [${many((i) => `l${i}, `)}] } }`,
    'there is no listener "l0"',
  ],
  [
    'wrong entries',
    `services: { a: { endpoints: [${many(() => '1, ')}] } }`,
    'expected text or a map, got 1',
  ],
])('BAD6: twenty thousand %s: the first are shown, and that there are more', (_, text, message) => {
  const messages = messagesOf(text);
  expect(messages[0]).toBe(message);
  expect(messages.length).toBeGreaterThanOrEqual(MAX_PROBLEMS);
  expect(messages.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1);
});

test.each([
  ['sequences in sequences', '- '.repeat(MANY), 'nested too deeply to be read'],
  ['complex keys', '? '.repeat(MANY), 'nested too deeply to be read'],
  ['anchors', '&a '.repeat(MANY), 'has 100 anchors or tags on one value'],
  ['tags', '!!str '.repeat(MANY), 'has 100 anchors or tags on one value'],
  ['documents', '---\n'.repeat(MANY), 'holds several YAML documents (`---`): write one per file'],
])('BAD6: twenty thousand %s', (_, text, message) => {
  expect(messagesOf(text)).toEqual([message]);
});

test('BAD6: millions of lines', () => {
  expect(messagesOf('\n'.repeat(7_000_000))).toEqual([
    'has 7000001 lines; a config file may have at most 400000',
  ]);
});

test('BAD6: mistakes seen through thousands of aliases are found without walking the file for each', () => {
  const text = `services:\n  a: &a { x: 1, y: [1, 2] }\n${many((i) => `  s${i}: *a\n`, 2000)}`;
  expect(messagesOf(text)[0]).toBe('unknown key "x"');
});
