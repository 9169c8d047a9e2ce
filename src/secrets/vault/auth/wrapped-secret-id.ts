import { z } from 'zod';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultClient } from '../client.ts';
import { reactionOf, VaultFault } from '../fault.ts';
import { parseAnswer } from '../kv-answers.ts';

const lookupAnswer = z.object({ data: z.object({ creation_path: z.string() }) });
const unwrapAnswer = z.object({ data: z.object({ secret_id: z.string().min(1) }) });

interface UnwrapperOptions {
  readonly client: VaultClient;
  /** Of the AppRole method: nothing that was wrapped elsewhere is taken. */
  readonly mount: string;
  /** Named in what is said about it. */
  readonly file: string;
}

/** Gives the secret id that `readToken`'s wrapping token stands for. */
type Unwrap = (readToken: () => Promise<string>, signal: AbortSignal) => Promise<string>;

/**
 * A wrapping token can be used once: what comes out is kept in memory until the file holds another
 * one, and used on where the file is gone by then. One that cannot be used any more may have been
 * used by somebody else, which is said as loudly as can be.
 */
export function createUnwrapper({ client, mount, file }: UnwrapperOptions): Unwrap {
  let kept: { readonly wrapping: SecretBytes; readonly secretId: SecretBytes } | undefined;
  return async (readToken, signal) => {
    const wrapping = await readToken().catch((error: unknown) => {
      if (kept === undefined) throw error;
      return textOf(kept.wrapping);
    });
    if (kept === undefined || textOf(kept.wrapping) !== wrapping) {
      await checkOrigin({ client, mount, file }, wrapping, signal);
      const secretId = await unwrapOnce(client, wrapping, file, signal);
      kept = { wrapping: SecretBytes.fromUtf8(wrapping), secretId: SecretBytes.fromUtf8(secretId) };
    }
    return textOf(kept.secretId);
  };
}

/** Who can write the file could wrap anything; only a secret id of this method is taken. */
async function checkOrigin({ client, mount, file }: UnwrapperOptions, token: string, signal: AbortSignal) {
  const path = 'sys/wrapping/lookup';
  const answer = await client
    .call({ method: 'POST', path, body: { token }, signal })
    .catch((error: unknown) => Promise.reject(asAlarm(error, file)));
  const { creation_path } = parseAnswer(lookupAnswer, answer, path).data;
  const [start, end] = [`auth/${mount}/role/`, '/secret-id'];
  const role = creation_path.slice(start.length, -end.length);
  if (creation_path === start + role + end && role !== '' && !role.includes('/')) return;
  throw new VaultFault(
    'refused',
    `${file} holds a wrapping token of ${creation_path}, not of ${start}<role>${end}: it may have been exchanged`,
  );
}

async function unwrapOnce(client: VaultClient, wrapping: string, file: string, signal: AbortSignal): Promise<string> {
  const path = 'sys/wrapping/unwrap';
  const token = SecretBytes.fromUtf8(wrapping);
  const answer = await client
    .call({ method: 'POST', path, token, signal })
    .catch((error: unknown) => Promise.reject(asAlarm(error, file)));
  return parseAnswer(unwrapAnswer, answer, path).data.secret_id;
}

function asAlarm(error: unknown, file: string): unknown {
  const reaction = reactionOf(error);
  if (reaction === undefined || reaction === 'down' || reaction === 'throttled') return error;
  const message = `the wrapping token in ${file} is used up or expired: if it was not us who used it, SOMEBODY ELSE MAY HAVE THE SECRET ID: revoke it, and write a new one`;
  return new VaultFault('refused', message);
}

function textOf(bytes: SecretBytes): string {
  return Buffer.from(bytes.reveal()).toString('utf8');
}
