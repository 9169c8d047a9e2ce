import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf } from './imports.ts';

const parsed = new Map<string, ReturnType<typeof importsOf>>();

function importsOnce(file: string): ReturnType<typeof importsOf> {
  const imports = parsed.get(file) ?? importsOf(file);
  parsed.set(file, imports);
  return imports;
}

/** Our own files that come along when `entry` is imported, types too. */
function reachable(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { to, own } of importsOnce(file)) if (own) walk(to);
    for (const thread of threadsOf(file)) walk(thread);
  };
  walk(entry);
  return seen;
}

/** A thread's file is named by its URL, not imported. */
function threadsOf(file: string): readonly string[] {
  const names = readFileSync(file, 'utf8').matchAll(/'\.\/([\w-]*worker\.ts)'/g);
  return [...names].map(([, name = '']) => join(dirname(file), name));
}

/** Files that belong to a port and not to one entry of its registry. */
const SHARED: Readonly<Record<string, RegExp>> = {
  'src/discovery/index.ts': /^src\/discovery\/[^/]+$/,
  'src/secrets/index.ts': /^src\/secrets\/[^/]+$/,
};

test.each([
  'src/discovery/index.ts',
  'src/secrets/index.ts',
  'src/translate/filters/index.ts',
  'src/api/endpoints/index.ts',
  'src/cli/index.ts',
  'src/fleet/queue/index.ts',
  'src/fleet/state/index.ts',
])('%s knows everything in its folder', (registry) => {
  const files = globSync(`${dirname(registry)}/**/*.ts`).filter((file) => !SHARED[registry]?.test(file));
  const known = reachable(registry);
  expect(files.filter((file) => !known.has(file))).toEqual([]);
  expect(known.size).toBeGreaterThan(1);
});

test('unit tests start no Envoy: those that do are named *.feature.test.ts', () => {
  const units = globSync('test/**/*.test.ts').filter(
    (file) => !/\.feature\.test\.ts$|\/features\//.test(file),
  );
  expect(units.length).toBeGreaterThan(5);
  expect(units.filter((file) => reachable(file).has('test/parts/envoy.ts'))).toEqual([]);
});
