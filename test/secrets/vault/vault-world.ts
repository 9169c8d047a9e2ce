import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { vaultOptions } from '../../../src/secrets/vault/schema.ts';
import { createVaultStore } from '../../../src/secrets/vault/store.ts';
import { callBao, type OpenBao, ROOT_TOKEN, startOpenBao } from '../../parts/openbao.ts';
import { until } from '../../parts/until.ts';

type Options = Omit<z.input<typeof vaultOptions>, 'address'> & { readonly address?: string };

/** An OpenBao with a secret at `secret/shop/api`, the policy `shop` to read it, and stores that ask it. */
export interface VaultWorld {
  readonly bao: OpenBao;
  /** Where the files of the options lie. */
  readonly folder: string;
  write(file: string, text: string): Promise<void>;
  store(options: Options, clock?: Clock): SecretStore;
  /** Calls as root and gives what stands at `keys` in the answer: the text there, or an error. */
  ask(method: 'GET' | 'POST' | 'LIST', place: string, body: unknown, ...keys: string[]): Promise<string>;
  /** The same, with the answer wrapped: gives the wrapping token. */
  wrap(place: string, body: unknown): Promise<string>;
  /** Revokes every token that a login at `auth/<mount>` gave. */
  revokeLogins(mount: string): Promise<void>;
  /** Ends the stores. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const API_KEY = 'the-api-key-of-the-shop';
export const apiRef = { mount: 'secret', path: 'shop/api', field: 'token' };

export async function startVaultWorld(options: Parameters<typeof startOpenBao>[0] = {}): Promise<VaultWorld> {
  const bao = await startOpenBao(options);
  const folder = await mkdtemp(path.join(tmpdir(), 'vault-world-'));
  await bao.call('POST', 'secret/data/shop/api', { data: { token: API_KEY } });
  const policy = 'path "secret/*" { capabilities = ["read"] }';
  await bao.call('POST', 'sys/policies/acl/shop', { policy });
  const stores: SecretStore[] = [];
  const reset = async () => {
    for (const store of stores.splice(0)) await store.close?.();
  };
  return {
    bao,
    folder,
    reset,
    write: (file, text) => writeFile(path.join(folder, file), text),
    store: (own, clock = systemClock) => {
      const parsed = vaultOptions.parse({ address: bao.url, ...own });
      const context = {
        name: 'vault',
        baseDir: folder,
        secret: () => SecretBytes.fromUtf8(ROOT_TOKEN),
      };
      const store = createVaultStore(parsed, context, { clock, random: Math.random, deadlineMs: 10_000 });
      stores.push(store);
      return store;
    },
    ask: async (method, place, body, ...keys) => textAt(await bao.call(method, place, body), keys),
    wrap: async (place, body) => {
      const headers = { 'x-vault-wrap-ttl': '300' };
      const answer = await callBao({
        url: bao.url,
        token: ROOT_TOKEN,
        method: 'POST',
        path: place,
        body,
        headers,
      });
      return textAt(answer, ['wrap_info', 'token']);
    },
    revokeLogins: (mount) => revokeLogins(bao, mount),
    close: async () => {
      await reset();
      await bao.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The text that stands at `keys` in an answer. */
export function textAt(answer: unknown, keys: readonly string[]): string {
  let at = answer;
  for (const key of keys) at = new Map(Object.entries(at ?? {})).get(key);
  if (typeof at !== 'string') throw new Error(`no text at ${keys.join('.')}`);
  return at;
}

const never = new AbortController().signal;

/** The value at `apiRef`; throws what the read throws. */
export async function readApiKey(store: SecretStore): Promise<string> {
  const version = await store.read(apiRef, never);
  return Buffer.from(version?.parts?.['value']?.reveal() ?? []).toString('utf8');
}

/** What a read throws. */
export async function faultOf(store: SecretStore): Promise<unknown> {
  return readApiKey(store).then(
    () => new Error('the read succeeded'),
    (error: unknown) => error,
  );
}

/** As quickly as a fault must be over once its cause is. */
const MENDED_MS = 10_000;

export async function mended(store: SecretStore): Promise<void> {
  await until('the store to read again', async () => (await readApiKey(store)) === API_KEY, {
    timeoutMs: MENDED_MS,
    everyMs: 100,
  });
}

async function revokeLogins({ call }: OpenBao, mount: string): Promise<void> {
  const answer = await call('LIST', 'auth/token/accessors');
  const accessors: unknown = Reflect.get(Object(Reflect.get(Object(answer), 'data')), 'keys');
  if (!Array.isArray(accessors)) throw new Error('no accessors');
  for (const accessor of accessors) {
    const made = await call('POST', 'auth/token/lookup-accessor', { accessor });
    if (textAt(made, ['data', 'path']) === `auth/${mount}/login`)
      await call('POST', 'auth/token/revoke-accessor', { accessor });
  }
}
