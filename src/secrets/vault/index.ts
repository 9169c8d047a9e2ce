import type { SecretStoreAdapter } from '../store.ts';
import { caVaultRef, ticketKeysVaultRef, tlsVaultRef, type VaultRef, valueVaultRef } from './refs.ts';
import { type VaultOptions, vaultOptions } from './schema.ts';
import { createVaultStore } from './store.ts';

/** Secrets of HashiCorp Vault and OpenBao: KV version 1 and 2, and certificates of the PKI engine. */
export const vaultStore: SecretStoreAdapter<VaultOptions, VaultRef> = {
  kind: 'vault',
  schema: vaultOptions,
  refs: { tls: tlsVaultRef, ca: caVaultRef, value: valueVaultRef, sessionTicketKeys: ticketKeysVaultRef },
  create: (options, context) => createVaultStore(options, context),
};
