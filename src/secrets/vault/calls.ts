import type { Clock } from '../../clock.ts';
import type { SecretBytes } from '../../secret-bytes.ts';
import type { VaultClient } from './client.ts';
import { reactionOf } from './fault.ts';
import type { HeldToken } from './held-token.ts';
import type { Session } from './session.ts';
import { SharedWork } from './shared-work.ts';

/** Calls with our login. Each throws `VaultFault` when it fails. */
export interface VaultCalls {
  /** Shared with all who read the same now. */
  read(path: string, signal: AbortSignal): Promise<unknown>;
  write(path: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
}

export interface WarnedCalls extends VaultCalls {
  /** What is to be told beside whatever is read: the next login will fail. */
  warnings(): readonly string[];
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
/** Where a new login did not help: some policies let nobody ask whether a token lives. */
const DEAD_MS = 600_000;
/** A role may have been given another policy; each login leaves a token behind, so not too often. */
const ALIVE_MS = 3_600_000;

/** A call that is denied is tried once more with a new login, if that may help. */
export function createCalls({ client, session, clock, life }: CallsOptions): WarnedCalls {
  const reads = new SharedWork<unknown>(life);
  const lookups = new SharedWork<boolean>(life);
  /** What a new login did not help with. */
  const denied = new Set<string>();

  const isAlive = (token: SecretBytes, signal: AbortSignal) =>
    lookups.run('lookup', (shared) => lookUp(client, token, shared), signal);

  const mayHelp = (path: string, age: number, alive: boolean): boolean => {
    if (denied.has(path)) return age >= (alive ? ALIVE_MS : DEAD_MS);
    if (!alive || age >= FRESH_MS) return true;
    denied.add(path);
    return false;
  };

  /** The token to try again with; throws `error` where none would help. */
  const nextToken = async (path: string, held: HeldToken, error: unknown, signal: AbortSignal) => {
    const next = await session.token(signal);
    if (next.token !== held.token) return next.token;
    const age = clock.now() - held.since;
    // Nothing that it is asked would change this.
    if (denied.has(path) && age < DEAD_MS) throw error;
    const alive = await isAlive(held.token, signal);
    if (!mayHelp(path, age, alive)) throw error;
    try {
      return (await session.logInAnew(signal)).token;
    } catch (failure) {
      // The token lives: it is what it may do that is wrong, not the login.
      throw alive ? error : failure;
    }
  };

  const withLogin = async (path: string, work: Work, signal: AbortSignal): Promise<unknown> => {
    const held = await session.token(signal);
    try {
      const answer = await work(held.token);
      denied.delete(path);
      return answer;
    } catch (error) {
      if (reactionOf(error) !== 'forbidden') throw error;
      const token = await nextToken(path, held, error, signal);
      return await work(token).catch((again: unknown) => {
        if (reactionOf(again) === 'forbidden') denied.add(path);
        throw again;
      });
    }
  };

  return {
    warnings: () => session.warnings,
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

/** Whether a token is known not to live. What else goes wrong here says nothing about what was read. */
async function lookUp(client: VaultClient, token: SecretBytes, signal: AbortSignal): Promise<boolean> {
  try {
    await client.call({ path: 'auth/token/lookup-self', token, signal });
    return true;
  } catch (error) {
    if (reactionOf(error) === undefined) throw error;
    return reactionOf(error) !== 'forbidden';
  }
}
