import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { ParseCache } from '../../src/config/parse-cache.ts';
import { splitText } from '../../src/config/parts.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';
import { FULL } from './full.ts';

function outcome(text: string, cache?: ParseCache) {
  const { config, problems, warnings } = parseConfig(
    [{ path: 'a.yaml', text }],
    VOCABULARY,
    undefined,
    cache,
  );
  return { config, problems, warnings };
}

const uncut = () => new ParseCache(() => undefined);

const BLOCK = `# A file as people write them.
listeners: { web: { port: 1 } }
services:   # all of them
  a:
    endpoints:
      - "127.0.0.1:1"

  # the next
  b: { endpoints: ["127.0.0.1:2"] }
  c:
    endpoints: [
      "127.0.0.1:3",
      "127.0.0.1:4" ]
${Array.from({ length: 40 }, (_, id) => `  s${id}: { endpoints: ["127.0.0.1:${id + 1}"] }\n`).join('')}httpRoutes:
    r:
      listeners: [web]
      rules:
      - backends: [{ service: a }]
        filters:
        - directResponse:
            status: 200
            body: |
              services:
                x: y
              # no comment
      - backends: [{ service: b }, { service: c, weight: 0 }]
groups:

  edge: { listeners: [web] }
`;

const LINES = [
  '',
  '# comment',
  'services:',
  '  a: { endpoints: [] }',
  '  a:',
  'x: y',
  '---',
  '}',
  '  - x',
  '    weight: 1',
  '"services":',
  'groups: {}',
  '  ? a',
  " 'b': 1",
  '  b: "',
  '  c: |',
];

const edit = fc.record({
  at: fc.nat(BLOCK.length),
  gone: fc.constantFrom(0, 0, 0, 1, 2, 7, 40),
  put: fc.oneof(
    fc.constantFrom(
      ...LINES.map((line) => `\n${line}\n`),
      ' ',
      '\n',
      '\n\n',
      '  ',
      '{',
      '"',
      ':',
      '\t',
      '\r\n',
      '|',
    ),
    fc.string({ maxLength: 3 }),
  ),
});

function edited(text: string, edits: readonly { at: number; gone: number; put: string }[]): string {
  return edits.reduce((all, { at, gone, put }) => all.slice(0, at) + put + all.slice(at + gone), text);
}

test('a file is cut where it can be, and every line is in one part', () => {
  const parts = splitText(BLOCK) ?? [];
  expect(parts.length).toBeGreaterThan(5);
  expect(splitText(`${BLOCK}# &anchor`)).toBeUndefined();
  const lines = BLOCK.split('\n');
  for (const { text, linesBefore } of parts) {
    const own = text.split('\n').slice(1);
    expect(own).toEqual(lines.slice(linesBefore + 1, linesBefore + 1 + own.length));
  }
  expect(outcome(BLOCK).problems).toEqual([]);
});

test.each([['block', BLOCK] as const, ['full', FULL] as const])(
  'in parts or as a whole, the answer is the same: %s',
  (_, base) => {
    let good = 0;
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 3 }), (edits) => {
        const text = edited(base, edits);
        const found = outcome(text);
        expect(found).toEqual(outcome(text, uncut()));
        good += found.config === undefined ? 0 : 1;
      }),
      { numRuns: 80 },
    );
    expect(good).toBeGreaterThan(3);
  },
);

test('edit after edit with one cache, the answer is that of a fresh parse', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 2, maxLength: 8 }), (edits) => {
      const cache = new ParseCache();
      for (const [index, one] of edits.entries()) {
        // Each edit stands alone: most would break the file, and what follows would say little.
        const text = index % 3 === 2 ? BLOCK : edited(BLOCK, [one]);
        expect(outcome(text, cache)).toEqual(outcome(text, uncut()));
      }
    }),
    { numRuns: 25 },
  );
});

test('what an edit does not touch stays the very same object', () => {
  const cache = new ParseCache();
  const before = outcome(BLOCK, cache).config;
  const after = outcome(
    BLOCK.replace('s7: { endpoints: [', 's7: { endpoints: ["127.0.0.9:9", '),
    cache,
  ).config;
  expect(after?.services.get('s7')).not.toBe(before?.services.get('s7'));
  const same = [...(after?.services ?? [])].filter(
    ([name, service]) => before?.services.get(name) === service,
  );
  expect(same.length).toBeGreaterThan(20);
  expect(after?.httpRoutes.get('r')).toBe(before?.httpRoutes.get('r'));
  expect(after?.hash).not.toBe(before?.hash);
});

test('a label or a service called origin counts in the hash', () => {
  const text =
    'sources: { s: { file: { paths: [a] } } }\nservices: { origin: { from: [{ source: s, where: { origin: a } }] } }';
  const hashes = [
    text,
    text.replace('origin: a', 'origin: b'),
    text.replace('from:', 'protocol: http2, from:'),
  ];
  expect(new Set(hashes.map((one) => outcome(one).config?.hash)).size).toBe(3);
});
