import { describe } from 'vitest';
import { manualClock } from '../../discovery/manual-clock.ts';
import { startOpenBao } from '../../parts/openbao.ts';
import { testSecretStore } from '../suite.ts';
import { mountPki } from './pki.ts';
import { vaultStoreAt } from './vault-store.ts';

/** How every PKCS #8 key on P-256 begins: this one is in the key, whoever made it. */
const P256_KEY = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
const HOUR = 3_600_000;

describe.each([
  ['made by Vault', {}],
  ['made here', { keyType: 'ec' }],
])('PKI with a key %s', (_, key) => {
  testSecretStore('the vault store over PKI', async () => {
    const bao = await startOpenBao();
    await mountPki(bao);
    const clock = manualClock(Date.now());
    const store = vaultStoreAt({ url: bao.url, clock });
    const pki = { mount: 'pki', role: 'web', commonName: 'shop.example.com', ttl: '3h', ...key };
    return {
      store,
      ref: { pki },
      hintsOfRecovery: true,
      absentRef: { mount: 'secret', path: 'none', certificate: 'chain', privateKey: 'key' },
      marker: P256_KEY,
      // Nobody else changes what was issued: it is its own time that does.
      rotate: () => clock.advance(2.1 * HOUR),
      break: async () => {
        await bao.stop();
        await clock.advance(2.1 * HOUR);
      },
      close: async () => {
        await store.close?.();
        await bao.stop();
      },
    };
  });
});
