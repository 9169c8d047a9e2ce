import { isRefusal, renewAnswer, ttlOf } from './auth/login-call.ts';
import type { Login } from './auth/method.ts';
import type { VaultClient } from './client.ts';
import { VaultFault } from './fault.ts';
import { parseAnswer } from './kv-answers.ts';

/** A login that is in use. */
export interface HeldToken extends Login {
  /** When we logged in; a renewal changes nothing about it. */
  readonly since: number;
  readonly endsAt: number;
  /** Of what it was obtained with. */
  readonly stamp: string;
  /** What the login itself gave: a renewal that gives much less is near the end of all renewals. */
  readonly firstTtlMs: number | undefined;
}

/** SRC: renewed at two thirds of its life, spread by a tenth so that replicas do not come at once. */
const RENEW_AT = 2 / 3;
const RENEW_JITTER = 0.1;
/** No storm, however little is left. */
const LEAST_WAIT_MS = 250;
/** Timers take no longer wait than 24 days. */
const MOST_WAIT_MS = 86_400_000;

export function heldSince(login: Login, now: number, stamp: string): HeldToken {
  return { ...login, stamp, since: now, endsAt: endOf(now, login.ttlMs), firstTtlMs: login.ttlMs };
}

/** Undefined: Vault does not renew it any more. Throws where it cannot be asked now. */
export async function renewToken(
  client: VaultClient,
  held: HeldToken,
  now: number,
  signal: AbortSignal,
): Promise<HeldToken | undefined> {
  const path = 'auth/token/renew-self';
  try {
    const answer = await client.call({ method: 'POST', path, body: {}, token: held.token, signal });
    const { lease_duration, renewable } = parseAnswer(renewAnswer, answer, path).auth;
    const ttlMs = ttlOf(lease_duration);
    return { ...held, ttlMs, renewable, endsAt: endOf(now, ttlMs) };
  } catch (error) {
    if (error instanceof VaultFault && isRefusal(error)) return undefined;
    throw error;
  }
}

/** It came near its greatest age, so it gets less with each renewal. */
export function isNearItsEnd({ ttlMs, firstTtlMs }: HeldToken): boolean {
  return ttlMs !== undefined && firstTtlMs !== undefined && ttlMs < firstTtlMs * RENEW_AT;
}

/** When to renew it; undefined: it has no end. */
export function renewAfterMs({ ttlMs }: HeldToken, random: () => number): number | undefined {
  if (ttlMs === undefined) return undefined;
  const spread = 1 + RENEW_JITTER * (2 * random() - 1);
  return Math.min(Math.max(ttlMs * RENEW_AT * spread, LEAST_WAIT_MS), MOST_WAIT_MS);
}

function endOf(now: number, ttlMs: number | undefined): number {
  return ttlMs === undefined ? Number.POSITIVE_INFINITY : now + ttlMs;
}
