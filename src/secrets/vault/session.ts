import type { Clock } from '../../clock.ts';
import type { AuthMethod } from './auth/method.ts';
import type { VaultClient } from './client.ts';
import { reactionOf, VaultFault } from './fault.ts';
import { type HeldToken, heldSince, isNearItsEnd, renewAfterMs, renewToken } from './held-token.ts';
import { type LoginFailure, leftMs, retryAfterMs } from './login-failure.ts';
import { Preparation } from './preparation.ts';
import { SharedWork } from './shared-work.ts';

export interface SessionOptions {
  readonly client: VaultClient;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly random: () => number;
}

/** While nothing works it is looked that often whether that was mended. */
const LOOK_MS = 5000;
/** Answered by whichever node can answer. */
const HEALTH = 'sys/health?standbyok=true&perfstandbyok=true';
const CALL_MS = 30_000;

/**
 * The login, kept valid for ever: renewed in time, obtained anew when that is refused, tried again
 * with back-off when it fails. All who read share it. Whoever has no valid token while the login
 * fails is told why at once.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #preparation: Preparation;
  readonly #life = new AbortController();
  readonly #logins = new SharedWork<HeldToken>(this.#life.signal);
  #held: HeldToken | undefined;
  #failure: LoginFailure | undefined;
  #failures = 0;
  /** Whether an answer to `sys/health` would be news. */
  #wasDown = true;
  #cancelWait: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#preparation = new Preparation(options.method, options.clock);
  }

  /** The token that is valid now. Throws why there is none. */
  async token(signal: AbortSignal): Promise<HeldToken> {
    const held = this.#held;
    if (held === undefined || held.endsAt <= this.#options.clock.now()) return this.logInAnew(signal);
    if (!(await this.#isStale(held))) return held;
    return this.logInAnew(signal).catch(() => {
      signal.throwIfAborted();
      // What is there instead is gone or unreadable: ours is still good.
      return held;
    });
  }

  /** For whoever knows the token to be of no use. What failed a moment ago is not tried again yet. */
  async logInAnew(signal: AbortSignal): Promise<HeldToken> {
    const { clock, method } = this.#options;
    const failure = this.#failure;
    const waits = failure !== undefined && leftMs(failure, clock.now()) > 0;
    // At a start the token may come a moment after those who need it.
    if (waits && (await method.stamp()) === failure.stamp) throw failure.error;
    return this.#renew('anew', signal);
  }

  /** The last try to log in, or to renew, has failed. */
  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  /** What will keep the next login from succeeding, though this one holds. */
  get warnings(): readonly string[] {
    return this.#preparation.warnings;
  }

  /** Gives the token back if asked to, and ends all timers. */
  async close({ revoke }: { readonly revoke: boolean }): Promise<void> {
    this.#cancelWait?.();
    this.#preparation.close();
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
  async #isStale(held: HeldToken): Promise<boolean> {
    const { method } = this.#options;
    return method.borrowed && (await method.stamp()) !== held.stamp;
  }

  #renew(how: 'renew' | 'anew', signal: AbortSignal): Promise<HeldToken> {
    return this.#logins.run('login', (shared) => this.#attempt(how, shared), signal);
  }

  async #attempt(how: 'renew' | 'anew', signal: AbortSignal): Promise<HeldToken> {
    const stamp = await this.#options.method.stamp();
    this.#preparation.start();
    try {
      const held = await this.#obtain(how, stamp, signal);
      this.#held = held;
      this.#failure = undefined;
      this.#failures = 0;
      this.#wasDown = true;
      this.#scheduleRenewal(held);
      return held;
    } catch (error) {
      if (!signal.aborted) this.#fail(error, stamp);
      throw error;
    }
  }

  async #obtain(how: 'renew' | 'anew', stamp: string, signal: AbortSignal): Promise<HeldToken> {
    const { client, clock, method } = this.#options;
    const now = clock.now();
    const held = this.#held;
    if (how === 'renew' && held?.renewable === true && held.endsAt > now) {
      const renewed = await renewToken(client, held, now, signal);
      if (renewed !== undefined && !isNearItsEnd(renewed)) return renewed;
      // Should the login fail, it is used to its very end.
      if (renewed !== undefined) this.#held = renewed;
    }
    return heldSince(await method.login(signal), now, stamp);
  }

  #scheduleRenewal(held: HeldToken): void {
    this.#cancelWait?.();
    const waitMs = renewAfterMs(held, this.#options.random);
    if (waitMs !== undefined) this.#wait(waitMs, () => void this.#renewByTimer());
  }

  async #renewByTimer(): Promise<void> {
    // What fails here is tried again, and told to those who read once the token has ended.
    await this.#renew('renew', this.#life.signal).catch(() => undefined);
  }

  #fail(error: unknown, stamp: string): void {
    this.#failures += 1;
    const waitMs = retryAfterMs(this.#failures, this.#options.random);
    this.#failure = { error, stamp, until: this.#options.clock.now() + waitMs };
    this.#waitForRetry();
  }

  #waitForRetry(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    const left = leftMs(failure, this.#options.clock.now());
    if (left <= 0) this.#wait(0, () => void this.#renewByTimer());
    else this.#wait(Math.min(left, LOOK_MS), () => void this.#look(failure));
  }

  /** Whoever mends it need not wait for the back-off: a new secret id counts within seconds. */
  async #look(failure: LoginFailure): Promise<void> {
    const isMended = await this.#isMended(failure);
    if (this.#failure !== failure) return;
    if (isMended) this.#failure = { ...failure, until: this.#options.clock.now() };
    this.#waitForRetry();
  }

  async #isMended({ error, stamp }: LoginFailure): Promise<boolean> {
    const { method, client } = this.#options;
    if ((await method.stamp()) !== stamp) return true;
    if (reactionOf(error) !== 'down') return false;
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(LOOK_MS)]);
    const wasDown = this.#wasDown;
    this.#wasDown = await client.call({ path: HEALTH, signal }).then(
      () => false,
      () => true,
    );
    return wasDown && !this.#wasDown;
  }

  #wait(ms: number, task: () => void): void {
    this.#cancelWait?.();
    if (!this.#life.signal.aborted) this.#cancelWait = this.#options.clock.after(ms, task);
  }
}
