import { expect, test } from 'vitest';
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
