import type { Clock } from '../../clock.ts';
import type { SecretBytes } from '../../secret-bytes.ts';
import type { VaultClient } from './client.ts';
import { reactionOf } from './fault.ts';
import type { Session } from './session.ts';
import { SharedWork } from './shared-work.ts';

/** Calls with our login. Each throws `VaultFault` when it fails. */
export interface VaultCalls {
  /** Shared with all who read the same now. */
  read(path: string, signal: AbortSignal): Promise<unknown>;
  write(path: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
}

export interface CallsOptions {
  readonly client: VaultClient;
  readonly session: Session;
  readonly clock: Clock;
  /** Ends what is shared. */
  readonly life: AbortSignal;
}

type Work = (token: SecretBytes) => Promise<unknown>;

/** A login this new has the policies that its role has now. */
const FRESH_MS = 60_000;
/** Some policies let nobody ask whether a token lives: a secret id may be good for few logins only. */
const LONG_MS = 600_000;

/** A call that is denied is tried once more with a new login, if that may help. */
export function createCalls({ client, session, clock, life }: CallsOptions): VaultCalls {
  const reads = new SharedWork<unknown>(life);
  const lookups = new SharedWork<boolean>(life);
  /** What a new login did not help with. */
  const denied = new Set<string>();

  const isAlive = (token: SecretBytes, signal: AbortSignal) =>
    lookups.run('lookup', (shared) => lookUp(client, token, shared), signal);

  const mayHelp = async (path: string, { token, since }: TokenAge, signal: AbortSignal): Promise<boolean> => {
    const age = clock.now() - since;
    const alive = await isAlive(token, signal);
    if (denied.has(path)) return !alive && age >= LONG_MS;
    return !alive || age >= FRESH_MS;
  };

  const withLogin = async (path: string, work: Work, signal: AbortSignal): Promise<unknown> => {
    const held = await session.token(signal);
    try {
      const answer = await work(held.token);
      denied.delete(path);
      return answer;
    } catch (error) {
      if (reactionOf(error) !== 'forbidden') throw error;
      const next = await session.token(signal);
      const isOther = next.token !== held.token;
      if (!isOther && !(await mayHelp(path, held, signal))) throw error;
      const renewed = isOther ? next : await session.renew('anew', signal);
      return await work(renewed.token).catch((again: unknown) => {
        if (reactionOf(again) === 'forbidden') denied.add(path);
        throw again;
      });
    }
  };

  return {
    read: (path, signal) =>
      reads.run(
        path,
        (shared) => withLogin(path, (token) => client.call({ path, token, signal: shared }), shared),
        signal,
      ),
    write: (path, body, signal) =>
      withLogin(path, (token) => client.call({ method: 'POST', path, body, token, signal }), signal),
  };
}

interface TokenAge {
  readonly token: SecretBytes;
  readonly since: number;
}

async function lookUp(client: VaultClient, token: SecretBytes, signal: AbortSignal): Promise<boolean> {
  try {
    await client.call({ path: 'auth/token/lookup-self', token, signal });
    return true;
  } catch (error) {
    if (reactionOf(error) === 'forbidden') return false;
    throw error;
  }
}
