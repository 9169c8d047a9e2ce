import { expect, test } from 'vitest';
import { fillSections } from '../../scripts/docs/generate.ts';
import { commandsOf } from './doc-commands.ts';

test('commands are found in sh blocks only, with their lines, without comments and prompts', () => {
  const page = [
    'Try `npm start`.',
    '```sh',
    'npm start            # and wait',
    '',
    '$ curl 127.0.0.1:10000 \\',
    '  -H "x: #1"',
    '```',
    '```yaml',
    'listeners: {}',
    '```',
  ].join('\n');
  expect(commandsOf(page, 'a.md')).toEqual([
    { file: 'a.md', line: 3, text: 'npm start' },
    { file: 'a.md', line: 5, text: 'curl 127.0.0.1:10000    -H "x: #1"' },
  ]);
});

test('what is generated stands between its marks, and the rest of a page stays', async () => {
  const page = 'a\n<!-- generated: sources -->\nold\n<!-- /generated -->\nb\n';
  const filled = await fillSections(page, 'a.md');
  expect(filled).toMatch(/^a\n<!-- generated: sources -->\n\n\| source \|/);
  expect(filled).toMatch(/\| `file` \| \*\*`paths`\*\*/);
  expect(filled).toMatch(/\n<!-- \/generated -->\nb\n$/);
  expect(await fillSections(filled, 'a.md')).toBe(filled);
  expect(await fillSections('no marks', 'a.md')).toBe('no marks');
});

test('a mark that nothing generates is an error in words', async () => {
  const page = '<!-- generated: nonsense -->\n<!-- /generated -->\n';
  await expect(fillSections(page, 'a.md')).rejects.toThrow('a.md: nothing generates "nonsense"');
});
