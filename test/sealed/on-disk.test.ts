import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { DAY, known, NOW, pair, type SealedFolder, sealedFolder, secretConfig, value } from './life.ts';

const TOKEN = secretConfig('token');
const WANTED = new Map([[TOKEN.name, TOKEN]]);
const NONE = (): ReadonlyMap<string, number> => new Map();

let folder: SealedFolder;
beforeEach(async () => {
  folder = await sealedFolder();
});

test('of versions that come quickly the last one is written', async () => {
  const life = folder.open();
  for (const text of ['a', 'b', 'c']) life.put(TOKEN, value(text), NOW);
  await life.close();
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'c' });
});

test('a version that is there is not written again', async () => {
  const life = folder.open();
  life.put(TOKEN, value('a'), NOW);
  await life.flush();
  const before = await readFile(folder.file('token'));
  life.put(TOKEN, value('a'), NOW + 1);
  await life.flush();
  expect(await readFile(folder.file('token'))).toEqual(before);
  life.put(TOKEN, value('b'), NOW + 2);
  await life.close();
  expect(await readFile(folder.file('token'))).not.toEqual(before);
});

test('a pair is gone at its end', async () => {
  const tls = await pair(1);
  const end = known('notAfter' in tls ? tls.notAfter : undefined);
  const life = folder.open();
  life.put(secretConfig('shop', 'tls'), tls, NOW);
  life.sweep(end - 1, NONE);
  await life.flush();
  expect(existsSync(folder.file('shop'))).toBe(true);
  life.sweep(end, NONE);
  await life.flush();
  expect(existsSync(folder.file('shop'))).toBe(false);
  life.put(secretConfig('shop', 'tls'), tls, end);
  await life.close();
  expect(existsSync(folder.file('shop'))).toBe(false);
});

test('a value that its store confirms stays; one that it does not is gone after 30 days', async () => {
  const silent = secretConfig('silent');
  const life = folder.open();
  for (const config of [TOKEN, silent]) life.put(config, value('a'), NOW);
  for (let day = 1; day <= 31; day += 1) {
    life.sweep(NOW + day * DAY, () => new Map([['token', NOW + day * DAY]]));
    await life.flush();
    expect(existsSync(folder.file('silent')), `day ${day}`).toBe(day < 30);
  }
  // Its store is back after a month and says that nothing changed: it is worth keeping again.
  life.sweep(NOW + 32 * DAY, () => new Map([['silent', NOW + 32 * DAY]]));
  await life.close();
  expect((await folder.restored([TOKEN, silent], NOW + 60 * DAY)).texts).toEqual({ token: 'a', silent: 'a' });
});

test('what leaves the config, or is read elsewhere, is removed; what stays is not touched', async () => {
  const [second, third] = [secretConfig('second'), secretConfig('third')];
  const life = folder.open();
  for (const config of [TOKEN, second, third]) life.put(config, value('a'), NOW);
  await life.flush();
  const elsewhere = { ...second, store: 'other' };
  life.retain(new Map([...WANTED, ['second', elsewhere]]));
  await life.flush();
  expect(await readdir(folder.dir)).toHaveLength(1);
  life.put(elsewhere, value('b'), NOW);
  await life.close();
  expect((await folder.restored([TOKEN, elsewhere, third])).texts).toEqual({ token: 'a', second: 'b' });
});

test('FAULT10: a folder that cannot be written is told once, tried again, and told when it works', async () => {
  await writeFile(folder.dir, 'in the way');
  const life = folder.open();
  life.put(TOKEN, value('a'), NOW);
  await life.flush();
  life.put(TOKEN, value('b'), NOW);
  life.put(secretConfig('second'), value('b'), NOW);
  await life.flush();
  expect(folder.told).toEqual([expect.stringMatching(/cannot be written .*traffic is unaffected/)]);
  await rm(folder.dir);
  life.sweep(NOW + 60_000, NONE);
  await life.flush();
  expect(folder.told).toHaveLength(2);
  expect(folder.told[1]).toBeUndefined();
  await life.close();
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'b' });
});

test('a folder that was opened to others is closed again', async () => {
  const life = folder.open();
  life.put(TOKEN, value('a'), NOW);
  await life.flush();
  await chmod(folder.dir, 0o755);
  life.put(TOKEN, value('b'), NOW);
  await life.close();
  expect((await stat(folder.dir)).mode & 0o777).toBe(0o700);
});
