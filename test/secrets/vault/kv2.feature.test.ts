import { describe } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { vaultOptions } from '../../../src/secrets/vault/schema.ts';
import { createVaultStore } from '../../../src/secrets/vault/store.ts';
import { ROOT_TOKEN, startOpenBao } from '../../parts/openbao.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { testSecretStore } from '../suite.ts';

const ca = await makeCa();
const old = await makeCertificate({ names: ['old.example.com'], issuer: ca });
const next = await makeCertificate({ names: ['new.example.com'], issuer: ca });

describe('KV version 2', () => {
  testSecretStore('the vault store over KV version 2', async () => {
    const bao = await startOpenBao();
    let turn = 0;
    const put = (pair: typeof old) =>
      bao.call('POST', 'secret/data/shop/tls', { data: { chain: pair.chain, key: pair.privateKey } });
    await put(old);
    const store = createVaultStore(
      vaultOptions.parse({ address: bao.url, auth: { token: { secret: 'root' } } }),
      { name: 'vault', baseDir: '/', secret: () => SecretBytes.fromUtf8(ROOT_TOKEN) },
    );
    const ref = { mount: 'secret', path: 'shop/tls', certificate: 'chain', privateKey: 'key' };
    return {
      store,
      ref,
      absentRef: { ...ref, path: 'shop/none' },
      marker: old.privateKey.split('\n')[1] ?? 'none',
      rotate: async () => {
        await put(turn++ % 2 === 0 ? next : old);
      },
      break: () => bao.stop(),
      close: async () => {
        await store.close?.();
        await bao.stop();
      },
    };
  });
});
