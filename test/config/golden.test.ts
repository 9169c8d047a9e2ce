import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConfigFile } from '../../src/config/files.ts';
import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/errors.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

const FOLDER = join(import.meta.dirname, 'golden');

/**
 * One kind of mistake a file: `NAME.in.yaml` (with `NAME.more.yaml` as a second file, and
 * `NAME.running.yaml` as the config that runs) and what muster says to it in `NAME.problems.txt`,
 * which `UPDATE_GOLDEN=1` writes anew. All of them lie in one folder as the user would see it.
 */
const names = globSync('*.in.yaml', { cwd: FOLDER })
  .map((file) => file.slice(0, -'.in.yaml'.length))
  .sort();

function files(name: string, kinds: readonly string[]): ConfigFile[] {
  const paths = kinds.map((kind) => `${name}.${kind}.yaml`).filter((path) => existsSync(join(FOLDER, path)));
  return paths.map((path) => ({ path, text: readFileSync(join(FOLDER, path), 'utf8') }));
}

function answer(name: string): string {
  const running = files(name, ['running']);
  const before = running.length === 0 ? undefined : parseConfig(running, VOCABULARY).config;
  expect(before === undefined).toBe(running.length === 0);
  const { config, problems, warnings } = parseConfig(files(name, ['in', 'more']), VOCABULARY, before);
  expect(config === undefined).toBe(problems.length > 0);
  const lines = [
    ...problems.map(formatProblem),
    ...warnings.map((found) => `warning: ${formatProblem(found)}`),
  ];
  return `${lines.join('\n')}\n`;
}

test('every problem has its input', () => {
  const outputs = globSync('*.problems.txt', { cwd: FOLDER }).map((file) =>
    file.slice(0, -'.problems.txt'.length),
  );
  expect(outputs.sort()).toEqual(names);
  expect(names.length).toBeGreaterThan(30);
});

test.each(names)('BAD6: %s', (name) => {
  const found = answer(name);
  const file = join(FOLDER, `${name}.problems.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, found);
  expect(found).toBe(readFileSync(file, 'utf8'));
  expect(found, 'each says where').toMatch(/^((warning: )?\S+\.(in|more)\.yaml:\d+:\d+: .+\n)+$/);
});
