import { z } from 'zod';
import type { Clock } from '../../../src/clock.ts';
import { systemClock } from '../../../src/clock.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { SecretStore, SecretVersion } from '../../../src/secrets/store.ts';
import { vaultOptions } from '../../../src/secrets/vault/schema.ts';
import { createVaultStore } from '../../../src/secrets/vault/store.ts';
import { type OpenBao, ROOT_TOKEN } from '../../parts/openbao.ts';

export interface Wanted {
  readonly url: string;
  readonly token?: string;
  readonly clock?: Clock;
  readonly deadlineMs?: number;
  readonly random?: () => number;
  /** Beside the address and the login. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A store that logs in with a token, root's by default. */
export function vaultStoreAt({
  url,
  token = ROOT_TOKEN,
  clock,
  random,
  deadlineMs,
  options,
}: Wanted): SecretStore {
  return createVaultStore(
    vaultOptions.parse({ address: url, auth: { token: { secret: 'token' } }, ...options }),
    {
      name: 'vault',
      baseDir: '/',
      secret: () => SecretBytes.fromUtf8(token),
      hmacKey: new SecretBytes(new Uint8Array(32)),
    },
    { clock: clock ?? systemClock, random: random ?? (() => 0.5), deadlineMs: deadlineMs ?? 10_000 },
  );
}

const never = new AbortController().signal;

/** The version that is current, with its parts. */
export async function readWhole(store: SecretStore, ref: unknown): Promise<SecretVersion> {
  const version = await store.read(ref, never);
  if (version?.parts === undefined) throw new Error('the store gave no parts');
  return version;
}

export function textOf(bytes: SecretBytes | undefined): string {
  return Buffer.from(bytes?.reveal() ?? []).toString('utf8');
}

const created = z.object({ auth: z.object({ client_token: z.string() }) });

/** A token that may do what the rules say, in the language of policies. */
export async function tokenWith(bao: OpenBao, name: string, policy: string): Promise<string> {
  await bao.call('PUT', `sys/policies/acl/${name}`, { policy });
  const answer = await bao.call('POST', 'auth/token/create', { policies: [name], no_default_policy: true });
  return created.parse(answer).auth.client_token;
}
