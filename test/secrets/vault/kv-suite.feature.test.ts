import { describe } from 'vitest';
import { startOpenBao } from '../../parts/openbao.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { testSecretStore } from '../suite.ts';
import { vaultStoreAt } from './vault-store.ts';

const ca = await makeCa();
const old = await makeCertificate({ names: ['old.example.com'], issuer: ca });
const next = await makeCertificate({ names: ['new.example.com'], issuer: ca });

type Pair = typeof old;

const fieldsOf = ({ chain, privateKey }: Pair) => ({ chain, key: privateKey });

/** How an operator writes a pair. */
const ENGINES = {
  1: { path: 'old/shop/tls', mount: 'old', body: fieldsOf },
  2: { path: 'secret/data/shop/tls', mount: 'secret', body: (pair: Pair) => ({ data: fieldsOf(pair) }) },
};

describe.each([1, 2] as const)('KV version %i', (version) => {
  testSecretStore(`the vault store over KV version ${version}`, async () => {
    const bao = await startOpenBao();
    const { path, mount, body } = ENGINES[version];
    await bao.call('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
    const put = (pair: Pair) => bao.call('POST', path, body(pair));
    await put(old);
    const store = vaultStoreAt({ url: bao.url });
    const ref = { mount, path: 'shop/tls', certificate: 'chain', privateKey: 'key' };
    let turn = 0;
    return {
      store,
      ref,
      hintsOfRecovery: true,
      absentRef: { ...ref, path: 'shop/none' },
      marker: old.privateKey.split('\n')[1] ?? 'none',
      rotate: async () => void (await put(turn++ % 2 === 0 ? next : old)),
      break: () => bao.stop(),
      close: async () => {
        await store.close?.();
        await bao.stop();
      },
    };
  });
});
