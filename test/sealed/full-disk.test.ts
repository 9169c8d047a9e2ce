import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { NOW, sealedFolder, secretConfig, value } from './life.ts';

const disk = vi.hoisted(() => ({ isFull: false }));

/** Fails as a full disk does, half-way: no disk of a test machine can be filled without filling it for all. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, flags, mode) => {
    const opened = await real.open(path, flags, mode);
    if (!disk.isFull || typeof flags !== 'string' || !flags.startsWith('w')) return opened;
    const write = opened.writeFile.bind(opened);
    opened.writeFile = async () => {
      await write('half');
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    return opened;
  };
  return { ...real, open };
});

const TOKEN = secretConfig('token');

test('FAULT10: on a full disk the version before stays, and the new one is written when there is space', async () => {
  const folder = await sealedFolder();
  const life = folder.open();
  life.put(TOKEN, value('a'), NOW);
  await life.flush();
  disk.isFull = true;
  for (const text of ['b', 'c']) {
    life.put(TOKEN, value(text), NOW);
    await life.flush();
  }
  expect(folder.told).toEqual([expect.stringContaining('ENOSPC')]);
  expect(await readdir(folder.dir)).toHaveLength(1);
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'a' });
  disk.isFull = false;
  life.sweep(NOW + 60_000, () => new Map());
  await life.close();
  expect(folder.told).toEqual([expect.anything(), undefined]);
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'c' });
});

test('BAD10: a link in place of the file that is written first is not followed', async () => {
  const folder = await sealedFolder();
  const life = folder.open();
  life.put(TOKEN, value('a'), NOW);
  await life.flush();
  const other = join(folder.stateDir, 'other');
  await writeFile(other, 'mine');
  await symlink(other, `${folder.file('token')}.tmp`);
  life.put(TOKEN, value('b'), NOW);
  await life.close();
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'b' });
  expect(await readFile(other, 'utf8')).toBe('mine');
  expect(folder.told).toEqual([]);
});
