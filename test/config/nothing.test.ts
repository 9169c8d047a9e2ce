import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { VOCABULARY } from './vocabulary.ts';

test.each(['', '\n\n', '# nothing but words\n', '---\n', '{}', 'services: {}\ngroups: {}\n'])(
  '%j is refused: taken at its word it would take everything away',
  (text) => {
    const { config, problems } = parseConfig([{ path: 'fleet.yaml', text }], VOCABULARY);
    expect(config).toBeUndefined();
    expect(problems).toMatchObject([{ file: 'fleet.yaml', message: 'there is nothing in it' }]);
  },
);

test('one of several files may be empty', () => {
  const files = [
    { path: 'a.yaml', text: '' },
    { path: 'b.yaml', text: 'groups: { edge: { listeners: [] } }' },
  ];
  expect(parseConfig(files, VOCABULARY).problems).toEqual([]);
});
