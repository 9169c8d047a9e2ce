import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { VALUE } from './fake-vault.ts';

export const TOKEN = 'hvs.the-token-that-nobody-may-see';
export const REF = { mount: 'kv', path: 'shop', field: 'token', engine: 1 };

/** What a read throws: always words of ours, and never (P5) the token or what was answered. */
export async function failureOf(
  store: SecretStore,
  { ref = REF, signal = new AbortController().signal }: { ref?: unknown; signal?: AbortSignal } = {},
): Promise<VaultFault> {
  const error: unknown = await store.read(ref, signal).then(
    () => expect.unreachable('the read succeeded'),
    (thrown: unknown) => thrown,
  );
  const shown = inspect(error, { showHidden: true, depth: 9 });
  expect(shown).not.toContain(TOKEN);
  expect(shown).not.toContain(VALUE.data.token);
  return error instanceof VaultFault ? error : expect.unreachable(`not in our words: ${shown}`);
}
