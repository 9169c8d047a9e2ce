import { hash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { createDiskState } from '../../../src/fleet/state/disk.ts';
import { inLife, temporaryFolder } from './folder.ts';
import { scope } from './written.ts';

/** Part of the name of the files for which there is no space. */
const full = vi.hoisted(() => ({ for: '' }));

/** No disk of a test machine can be filled without filling it for all: this one fails as a full one does, half-way. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, flags, mode) => {
    const opened = await real.open(path, flags, mode);
    if (full.for === '' || !String(path).includes(full.for)) return opened;
    const write = opened.writeFile.bind(opened);
    opened.writeFile = async (content) => {
      const bytes = Buffer.from(typeof content === 'string' ? content : '');
      await write(bytes.subarray(0, bytes.length / 2));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    return opened;
  };
  return { ...real, open };
});

test('FAULT10: a full disk is told, keeps what was written, and the save is made when there is space', async () => {
  const folder = temporaryFolder();
  await inLife(folder.dir, (state) => state.saveScope(scope({ at: 1 })));
  const state = createDiskState({ dir: folder.dir });
  await state.load();
  full.for = hash('sha256', 'scope/dc/eu').slice(0, 32);
  state.saveScope(scope({ at: 2 }));
  await state.flush();
  expect(state.health().error).toContain('ENOSPC');
  const copy = temporaryFolder();
  cpSync(folder.dir, copy.dir, { recursive: true });
  full.for = '';
  expect(await inLife(copy.dir, (_, { scopes }) => scopes)).toEqual([scope({ at: 1 })]);
  copy.remove();
  await state.flush();
  expect(state.health()).toEqual({ ok: true });
  await state.close();
  expect(await inLife(folder.dir, (_, { scopes }) => scopes)).toEqual([scope({ at: 2 })]);
  folder.remove();
});
