import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { vaultOptions } from '../../../src/secrets/vault/schema.ts';
import { createVaultStore } from '../../../src/secrets/vault/store.ts';
import { type FakeVault, startFakeVault } from './fake-vault.ts';

let folder: string;
let vault: FakeVault;
let store: SecretStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-login-'));
  await writeFile(join(folder, 'role'), 'role');
  await writeFile(join(folder, 'secret'), 'secret');
  vault = await startFakeVault();
  const auth = { appRole: { roleIdFile: 'role', secretIdFile: 'secret' } };
  store = createVaultStore(vaultOptions.parse({ address: vault.url, auth }), {
    name: 'vault',
    baseDir: folder,
  });
});
afterEach(async () => {
  await store.close?.();
  await vault.stop();
  await rm(folder, { recursive: true });
});

test.for([404, 403, 400])(
  'a login that is answered with %i says nothing about the secret',
  async (status) => {
    vault.script(() => ({ status, body: { errors: [] } }));
    const read = store.read(
      { mount: 'kv', path: 'shop', field: 'token', engine: 2 },
      new AbortController().signal,
    );
    await expect(read).rejects.toMatchObject({
      reaction: 'refused',
      message: expect.stringMatching(/secret id of/),
    });
  },
);
