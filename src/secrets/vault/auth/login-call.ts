import { z } from 'zod';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultClient } from '../client.ts';
import { VaultFault, type VaultReaction } from '../fault.ts';
import { parseAnswer } from '../kv-answers.ts';
import { encodePath } from '../names.ts';
import type { Login } from './method.ts';

const auth = z.object({
  client_token: z.string().min(1),
  lease_duration: z.number().nonnegative(),
  renewable: z.boolean(),
});

const loginAnswer = z.object({ auth });

/** `renew-self` gives the token again, or leaves it out where it is a batch token. */
export const renewAnswer = z.object({ auth: auth.omit({ client_token: true }) });

export interface LoginCall {
  readonly client: VaultClient;
  /** Of the method, below `auth/`. */
  readonly mount: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What to look at when it is refused, in words. */
  readonly hint: string;
  /** What an answer must never be quoted with, beside the fields of the body. */
  readonly hide?: readonly string[];
  readonly signal: AbortSignal;
}

/** Logs in at `auth/<mount>/login`. */
export async function loginAt({ client, mount, body, hint, hide, signal }: LoginCall): Promise<Login> {
  try {
    const path = `auth/${encodePath(mount)}/login`;
    const answer = await client.call({ method: 'POST', path, body, hide, signal });
    const { client_token, lease_duration, renewable } = parseAnswer(loginAnswer, answer, path).auth;
    return { token: SecretBytes.fromUtf8(client_token), ttlMs: ttlOf(lease_duration), renewable };
  } catch (error) {
    throw withHint(error, hint);
  }
}

/** 0 is what a token without end has. */
export function ttlOf(seconds: number): number | undefined {
  return seconds === 0 ? undefined : seconds * 1000;
}

/**
 * A refusal is the user's to mend, so it says where. A login that is forbidden is no secret that is
 * forbidden, and one that leads nowhere is no secret that is absent.
 */
export function withHint(error: unknown, hint: string): unknown {
  return error instanceof VaultFault && isRefusal(error)
    ? new VaultFault(reactionTo(error), `${error.message} (${hint})`, error.pauseMs)
    : error;
}

/**
 * Something is to be done about it, and not by waiting. Vault answers 500 to some of these, too: a
 * certificate that has expired, a token past its greatest age.
 */
export function isRefusal({ reaction, message }: VaultFault): boolean {
  if (['refused', 'forbidden', 'absent', 'broken'].includes(reaction)) return true;
  return reaction === 'down' && message.includes('failed with status 500:');
}

function reactionTo({ reaction }: VaultFault): VaultReaction {
  return reaction === 'down' ? 'down' : 'refused';
}
