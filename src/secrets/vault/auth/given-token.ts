import { hash } from 'node:crypto';
import { z } from 'zod';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultClient } from '../client.ts';
import { reactionOf, VaultFault } from '../fault.ts';
import { parseAnswer } from '../kv-answers.ts';
import { ttlOf, withHint } from './login-call.ts';
import type { AuthMethod, AuthParts, Login } from './method.ts';

const lookupAnswer = z.object({
  data: z.object({ ttl: z.number().nonnegative(), renewable: z.boolean().default(false) }),
});

/** A token that is the value of another secret. */
export function tokenOfSecret(name: string, { client, secret }: AuthParts): AuthMethod {
  return {
    borrowed: true,
    stamp: async () => hash('sha256', secret?.(name)?.reveal() ?? new Uint8Array(), 'hex'),
    login: (signal) => {
      const token = secret?.(name);
      if (token === undefined)
        throw new VaultFault('refused', `the secret "${name}" with our token could not be read so far`);
      return lookUp(client, trimmed(token), `look at the secret "${name}"`, signal);
    },
  };
}

/** A token in a file that somebody else writes: the sink of an agent. */
export function tokenOfFile(file: string, { client, files }: AuthParts): AuthMethod {
  return {
    borrowed: true,
    stamp: async () => (await files.stamp(file)) ?? '',
    login: async (signal) =>
      lookUp(client, SecretBytes.fromUtf8(await files.line(file)), `look at ${file}`, signal),
  };
}

/** How long it lasts. A policy may forbid to ask: then it is used until it is refused. */
async function lookUp(
  client: VaultClient,
  token: SecretBytes,
  hint: string,
  signal: AbortSignal,
): Promise<Login> {
  try {
    const answer = await client.call({ path: 'auth/token/lookup-self', token, signal });
    const { ttl, renewable } = parseAnswer(lookupAnswer, answer, 'auth/token/lookup-self').data;
    return { token, ttlMs: ttlOf(ttl), renewable };
  } catch (error) {
    if (reactionOf(error) === 'forbidden') return { token, ttlMs: undefined, renewable: false };
    throw withHint(error, hint);
  }
}

function trimmed(token: SecretBytes): SecretBytes {
  return SecretBytes.fromUtf8(Buffer.from(token.reveal()).toString('utf8').trim());
}
