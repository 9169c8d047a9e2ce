import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDiskState } from '../../../src/fleet/state/disk.ts';
import { PartFiles } from '../../../src/fleet/state/part-files.ts';
import { type Folder, inLife, temporaryFolder } from './folder.ts';
import { scope } from './written.ts';

/** Two writes of one scope: the newest and the one before it. */
const YOUNG = scope({ at: 2 });
const OLD = scope({ at: 1, instances: [] });

let folder: Folder;
let files: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  folder = temporaryFolder();
  await inLife(folder.dir, async (state) => {
    state.saveScope(OLD);
    await state.flush();
    state.saveScope(YOUNG);
  });
  files = folder.files();
});
afterAll(() => folder.remove());

test('FAULT10: the newest manifest cut off at each of its bytes: the one before it is used', async () => {
  const [path, bytes] = fileWith('"at":2');
  for (let length = 0; length < bytes.length; length += 1) {
    const { at, problems } = await damaged(path, bytes.subarray(0, length));
    expect(at).toBe(1);
    expect(problems).toContain(path);
  }
});

test('FAULT10: a part cut off at each of its bytes: the one before it is used', async () => {
  const [path, bytes] = fileWith('"address":');
  for (let length = 0; length < bytes.length; length += 1) {
    expect((await damaged(path, bytes.subarray(0, length))).at).toBe(1);
  }
});

test('FAULT10: the predecessor cut off: the newest is used and nothing is said', async () => {
  const [path, bytes] = fileWith('"at":1');
  expect(await damaged(path, bytes.subarray(0, 40))).toEqual({ at: 2, problems: '' });
});

test('FAULT10: any bit flipped in any file: what is read was written, and nothing throws', async () => {
  const flip = fc.record({ file: fc.nat(), bit: fc.nat() });
  await fc.assert(
    fc.asyncProperty(flip, async ({ file, bit }) => {
      const [path, bytes] = known([...files][file % files.size]);
      const { at } = await damaged(path, flipped(bytes, bit % (bytes.length * 8)));
      expect([1, 2]).toContain(at);
    }),
    { numRuns: 300 },
  );
});

test('FAULT10: a damaged part is not taken for written when its content comes again', async () => {
  const [path, bytes] = fileWith('"address":');
  writeFileSync(join(folder.dir, path), bytes.subarray(1));
  const parts = new PartFiles(folder.dir);
  await parts.load();
  await parts.write({ key: 'other', facts: {}, parts: new Map([['part', bytes]]) });
  expect(folder.files().get(path)).toEqual(bytes);
});

test('FAULT10: both forms damaged: the entry is ignored and named, and the state works on', async () => {
  const damage = [fileWith('"at":1'), fileWith('"at":2')];
  for (const [path, bytes] of damage) writeFileSync(join(folder.dir, path), flipped(bytes, 600));
  const state = createDiskState({ dir: folder.dir });
  const { scopes, problems } = await state.load();
  expect(scopes).toEqual([]);
  for (const [path] of damage) expect(problems.join()).toContain(path);
  state.saveScope(YOUNG);
  await state.close();
  expect(await inLife(folder.dir, (_, loaded) => loaded.scopes)).toEqual([YOUNG]);
});

/** What is read with one file damaged; the file is mended after it. */
async function damaged(path: string, bytes: Uint8Array): Promise<{ at: unknown; problems: string }> {
  writeFileSync(join(folder.dir, path), bytes);
  const { entries, problems } = await new PartFiles(folder.dir).load();
  writeFileSync(join(folder.dir, path), files.get(path) ?? '');
  const facts = entries.find(({ key }) => key === 'scope/dc/eu')?.facts;
  return {
    at: typeof facts === 'object' && facts !== null && 'at' in facts ? facts.at : undefined,
    problems: problems.join(),
  };
}

function fileWith(text: string): readonly [string, Buffer] {
  return known([...files].find(([, bytes]) => bytes.includes(text)));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it was written');
  return value;
}
