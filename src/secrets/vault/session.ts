import type { Clock } from '../../clock.ts';
import { renewAnswer, ttlOf } from './auth/login-call.ts';
import type { AuthMethod, Login } from './auth/method.ts';
import type { VaultClient } from './client.ts';
import { reactionOf, VaultFault } from './fault.ts';
import { parseAnswer } from './kv-answers.ts';
import { SharedWork } from './shared-work.ts';

export interface SessionOptions {
  readonly client: VaultClient;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A login that is in use. */
interface Held extends Login {
  readonly since: number;
  readonly endsAt: number;
  /** Of what it was obtained with. */
  readonly stamp: string;
  /** What the login itself gave: a renewal that gives much less is near the end of all renewals. */
  readonly firstTtlMs: number | undefined;
}

interface Failure {
  readonly error: unknown;
  /** Not tried again before. */
  readonly until: number;
  readonly stamp: string;
}

/** SRC: renewed at two thirds of its life, spread by a tenth so that replicas do not come at once. */
const RENEW_AT = 2 / 3;
const RENEW_JITTER = 0.1;
const LEAST_WAIT_MS = 1000;
/** Timers take no longer wait than 24 days. */
const MOST_WAIT_MS = 86_400_000;
/** While nothing works it is looked that often whether that was mended. */
const LOOK_MS = 5000;
const LAST_RETRY_MS = 60_000;
const CALL_MS = 30_000;

/**
 * The login, kept valid for ever: renewed in time, obtained anew when that is refused, tried again
 * with back-off when it fails. All who read share it. Whoever has no valid token while the login
 * fails is told why at once.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #life = new AbortController();
  readonly #logins = new SharedWork<Held>(this.#life.signal);
  #held: Held | undefined;
  #failure: Failure | undefined;
  #failures = 0;
  #cancelWait: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The token that is valid now. Throws why there is none. */
  async token(signal: AbortSignal): Promise<Held> {
    const held = this.#held;
    if (held !== undefined && held.endsAt > this.#options.clock.now() && !(await this.#isStale(held)))
      return held;
    const failure = this.#failure;
    if (failure !== undefined && this.#options.clock.now() < failure.until) throw failure.error;
    return this.renew('anew', signal);
  }

  /** Renews it, or logs in: `anew` where the token is known to be of no use. */
  renew(how: 'renew' | 'anew', signal: AbortSignal): Promise<Held> {
    return this.#logins.run('login', (shared) => this.#attempt(how, shared), signal);
  }

  /** Gives the token back if asked to, and ends all timers. */
  async close({ revoke }: { readonly revoke: boolean }): Promise<void> {
    this.#cancelWait?.();
    this.#life.abort(new VaultFault('down', 'the store is closed'));
    const held = this.#held;
    this.#held = undefined;
    if (!revoke || held === undefined || this.#options.method.borrowed) return;
    const signal = AbortSignal.timeout(CALL_MS);
    await this.#options.client.call({
      method: 'POST',
      path: 'auth/token/revoke-self',
      token: held.token,
      signal,
    });
  }

  /** A file or secret of somebody else's holds another token now. */
  async #isStale(held: Held): Promise<boolean> {
    const { method } = this.#options;
    return method.borrowed && (await method.stamp()) !== held.stamp;
  }

  async #attempt(how: 'renew' | 'anew', signal: AbortSignal): Promise<Held> {
    const stamp = await this.#options.method.stamp();
    try {
      const held = await this.#obtain(how, stamp, signal);
      this.#held = held;
      this.#failure = undefined;
      this.#failures = 0;
      this.#scheduleRenewal(held);
      return held;
    } catch (error) {
      if (!signal.aborted) this.#fail(error, stamp);
      throw error;
    }
  }

  async #obtain(how: 'renew' | 'anew', stamp: string, signal: AbortSignal): Promise<Held> {
    const held = this.#held;
    const since = this.#options.clock.now();
    if (how === 'renew' && held?.renewable === true && held.endsAt > since) {
      const renewed = await this.#renewed(held, signal);
      if (renewed !== undefined) return { ...held, ...renewed, since, endsAt: endOf(since, renewed.ttlMs) };
    }
    const login = await this.#options.method.login(signal);
    return { ...login, stamp, since, endsAt: endOf(since, login.ttlMs), firstTtlMs: login.ttlMs };
  }

  /** Undefined: it is not renewed any more, or hardly. */
  async #renewed(
    { token, firstTtlMs }: Held,
    signal: AbortSignal,
  ): Promise<Omit<Login, 'token'> | undefined> {
    const path = 'auth/token/renew-self';
    try {
      const answer = await this.#options.client.call({ method: 'POST', path, body: {}, token, signal });
      const { lease_duration, renewable } = parseAnswer(renewAnswer, answer, path).auth;
      const ttlMs = ttlOf(lease_duration);
      const isNearItsEnd = ttlMs !== undefined && firstTtlMs !== undefined && ttlMs < firstTtlMs * RENEW_AT;
      return isNearItsEnd ? undefined : { ttlMs, renewable };
    } catch (error) {
      if (['down', 'throttled', undefined].includes(reactionOf(error))) throw error;
      return undefined;
    }
  }

  #scheduleRenewal({ ttlMs }: Held): void {
    this.#cancelWait?.();
    if (ttlMs === undefined) return;
    const spread = 1 + RENEW_JITTER * (2 * this.#options.random() - 1);
    const waitMs = Math.min(Math.max(ttlMs * RENEW_AT * spread, LEAST_WAIT_MS), MOST_WAIT_MS);
    this.#wait(waitMs, () => void this.#renewByTimer());
  }

  async #renewByTimer(): Promise<void> {
    // What fails here is tried again, and told to those who read once the token has ended.
    await this.renew('renew', this.#life.signal).catch(() => undefined);
  }

  #fail(error: unknown, stamp: string): void {
    this.#failures += 1;
    const most = Math.min(1000 * 2 ** Math.min(this.#failures - 1, 10), LAST_RETRY_MS);
    const waitMs = Math.max(most * this.#options.random(), 100);
    this.#failure = { error, stamp, until: this.#options.clock.now() + waitMs };
    this.#waitForRetry();
  }

  #waitForRetry(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    const left = failure.until - this.#options.clock.now();
    if (left <= 0) this.#wait(0, () => void this.#renewByTimer());
    else this.#wait(Math.min(left, LOOK_MS), () => void this.#look(failure));
  }

  /** Whoever mends it need not wait for the back-off: a new secret id counts within seconds. */
  async #look(failure: Failure): Promise<void> {
    if (await this.#isMended(failure)) this.#failure = { ...failure, until: this.#options.clock.now() };
    if (this.#failure?.error === failure.error && !this.#life.signal.aborted) this.#waitForRetry();
  }

  async #isMended({ error, stamp }: Failure): Promise<boolean> {
    const { method, client } = this.#options;
    if ((await method.stamp()) !== stamp) return true;
    if (reactionOf(error) !== 'down') return false;
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(LOOK_MS)]);
    return client.call({ path: 'sys/health?standbyok=true&perfstandbyok=true', signal }).then(
      () => true,
      () => false,
    );
  }

  #wait(ms: number, task: () => void): void {
    this.#cancelWait?.();
    if (!this.#life.signal.aborted) this.#cancelWait = this.#options.clock.after(ms, task);
  }
}

function endOf(since: number, ttlMs: number | undefined): number {
  return ttlMs === undefined ? Number.POSITIVE_INFINITY : since + ttlMs;
}
