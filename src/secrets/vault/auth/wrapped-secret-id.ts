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

/** A wrapping token, and the secret id that it stood for. */
interface Unwrapped {
  readonly wrapping: string;
  readonly secretId: Promise<SecretBytes>;
}

/** Longer than the transport waits: it ends a call first, in words. */
const CALL_MS = 30_000;

/**
 * Gives the secret id that the wrapping token in a file stands for. Such a token can be used once:
 * what comes out is kept in memory until the file holds another one, and used on where the file is
 * gone by then. One that cannot be used any more may have been used by somebody else, which is said
 * as loudly as can be.
 */
export function createUnwrapper(
  options: UnwrapperOptions,
  readToken: () => Promise<string>,
): () => Promise<SecretBytes> {
  let kept: Unwrapped | undefined;
  const cutOff = new Set<string>();
  return async () => {
    const wrapping = await readToken().catch((error: unknown) => {
      if (kept === undefined) throw error;
      return kept.wrapping;
    });
    if (kept?.wrapping === wrapping) return kept.secretId;
    const before = kept;
    const mine: Unwrapped = { wrapping, secretId: unwrap({ ...options, cutOff }, wrapping) };
    kept = mine;
    mine.secretId.catch(() => {
      if (kept === mine) kept = before;
    });
    return mine.secretId;
  };
}

interface Unwrapping extends UnwrapperOptions {
  /** Tokens that we used, perhaps, without seeing the answer. */
  readonly cutOff: Set<string>;
}

/** Whoever waited for it may have given up: the token is spent all the same, so no abort ends this. */
async function unwrap(options: Unwrapping, wrapping: string): Promise<SecretBytes> {
  const { client, cutOff } = options;
  const signal = AbortSignal.timeout(CALL_MS);
  const [origin, path] = ['sys/wrapping/lookup', 'sys/wrapping/unwrap'];
  try {
    const looked = await client.call({ method: 'POST', path: origin, body: { token: wrapping }, signal });
    checkOrigin(options, parseAnswer(lookupAnswer, looked, origin).data.creation_path);
    const token = SecretBytes.fromUtf8(wrapping);
    const answer = await client.call({ method: 'POST', path, token, signal }).catch((error: unknown) => {
      if (reactionOf(error) === 'down') cutOff.add(wrapping);
      throw error;
    });
    return SecretBytes.fromUtf8(parseAnswer(unwrapAnswer, answer, path).data.secret_id);
  } catch (error) {
    throw error instanceof ForeignToken ? error : asAlarm(error, options, cutOff.has(wrapping));
  }
}

class ForeignToken extends VaultFault {}

/** Who can write the file could wrap anything; only a secret id of this method is taken. */
function checkOrigin({ mount, file }: UnwrapperOptions, path: string): void {
  const [start, end] = [`auth/${mount}/role/`, '/secret-id'];
  const role = path.slice(start.length, -end.length);
  if (path === start + role + end && role !== '' && !role.includes('/')) return;
  throw new ForeignToken(
    'refused',
    `${file} holds a wrapping token of ${path}, not of ${start}<role>${end}: SOMEBODY MAY HAVE PUT IT THERE in place of ours. Find out who, and write a new one`,
  );
}

function asAlarm(error: unknown, { file }: UnwrapperOptions, byUs: boolean): unknown {
  if (!['refused', 'forbidden', 'absent'].includes(reactionOf(error) ?? '')) return error;
  const what = `the wrapping token in ${file} was used already, or has expired`;
  const why = byUs
    ? 'It was most likely used by us, in a call whose answer was cut off: write a new one'
    : 'If it was neither late nor used by us before a restart, SOMEBODY ELSE MAY HAVE THE SECRET ID: destroy it, and write a new wrapping token';
  return new VaultFault('refused', `${what}. ${why}`);
}
