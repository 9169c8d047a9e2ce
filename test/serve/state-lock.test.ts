import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { lockState } from '../../src/serve/state-lock.ts';

test('one muster per state directory, by whatever path, until it ends', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-lock-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const unlock = await lockState(dir);
  await expect(lockState(join(dir, '..', dir.split('/').at(-1) ?? ''))).rejects.toThrow(
    /is used by another muster .* give each its own --state/,
  );
  await unlock();
  await (await lockState(dir))();
});

test('a directory that cannot be made does not keep a replica from starting', async () => {
  await (await lockState(join(fileURLToPath(import.meta.url), 'state')))();
});
